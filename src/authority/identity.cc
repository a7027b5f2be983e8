#include "authority/identity.h"

#include <utility>

#include "authority/adoption.h"
#include "authority/audit.h"
#include "authority/host_device.h"
#include "authority/load.h"
#include "authority/rows.h"
#include "authority/stored_values.h"

namespace kronborg::authority {

namespace {

std::string subject_of(const std::optional<IdentityFacts>& facts) {
  return facts ? facts->master.text() : std::string();
}

}  // namespace

base::Result<std::optional<IdentityFacts>> Identity::facts() {
  std::optional<IdentityFacts> facts;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(facts, read_identity(transaction));
    return {};
  }));
  return facts;
}

/// Whether a keystore has to make room. Error: identity_exists.
base::Result<bool> Identity::may_create(const std::optional<identity::Address>& replace) {
  const auto keystore = parts_.key_holder.keystore();
  std::optional<IdentityFacts> facts;
  std::optional<Intent> intent;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(facts, read_identity(transaction));
    TRY(intent, read_intent(transaction));
    return {};
  }));
  const bool has_keystore = keystore || keystore.error().code != base::Code::identity_missing;
  if (!facts) {
    // A set-up that was cut off before anybody learned its address or code.
    if (!has_keystore || intent) return has_keystore;
    return base::Code::identity_exists;
  }
  if (replace != facts->master) return base::Code::identity_exists;
  return has_keystore;
}

base::Result<keyholder::NewIdentity> Identity::create(const Actor& actor, CreateIdentity request) {
  const std::lock_guard lock(creating_);
  TRY(const bool replace, may_create(request.replace));
  IdentityFacts facts;
  facts.created_at_ms = parts_.clock.now_ms();
  facts.bundle_updated_at_ms = facts.created_at_ms;
  facts.keystore = keyholder::kind_name(request.kind);
  if (request.recovery_folder) facts.recovery_folder = request.recovery_folder->string();

  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) {
    return write_intent(transaction, {facts.recovery_folder}, facts.created_at_ms);
  }));
  auto made = parts_.key_holder.create(request.kind, request.passphrase, request.recovery_folder,
                                       replace, facts.created_at_ms / 1000);
  if (!made) {
    // The error of the key holder is the one to tell; an intent that stays is harmless, because the
    // keystore is as it was.
    static_cast<void>(parts_.database.write(clear_intent));
    return made;
  }
  facts.master = made->master;
  facts.device_id = made->device_id;
  TRY_VOID(parts_.database.write(
      [&](sql::Transaction& transaction) { return adopt(transaction, parts_, actor, facts); }));
  record_host_device(actor);
  return made;
}

/// A failure costs nothing but time: it is tried again in the background and at the next unlock.
void Identity::record_host_device(const Actor& actor) {
  static_cast<void>(HostDevice(parts_).record(actor));
}

base::Result<void> Identity::keep_host_device() {
  return HostDevice(parts_).record(
      {.actor = "system", .source_address = std::nullopt, .request_id = ""});
}

base::Result<void> Identity::unlock(const Actor& actor, const base::SecretText& passphrase) {
  TRY(const auto known, facts());
  auto unlocked = parts_.key_holder.unlock(passphrase);
  if (!unlocked && unlocked.error().code != base::Code::wrong_passphrase &&
      unlocked.error().code != base::Code::pin_locked_out) {
    return unlocked;
  }
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(record_audit(transaction, parts_, actor,
                          {.type = unlocked ? "identity.unlock" : "identity.unlock_refused",
                           .subject = subject_of(known),
                           .detail = {}}));
    return {};
  }));
  if (unlocked) record_host_device(actor);
  return unlocked;
}

base::Result<void> Identity::lock(const Actor& actor) {
  TRY_VOID(parts_.key_holder.lock());
  TRY(const auto known, facts());
  return parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(record_audit(transaction, parts_, actor,
                          {.type = "identity.lock", .subject = subject_of(known), .detail = {}}));
    return {};
  });
}

base::Result<void> Identity::rewrite_bundle() {
  const std::lock_guard lock(creating_);
  TRY(const auto known, facts());
  if (!known) return base::Code::identity_missing;
  TRY(const std::string content, bundle_content(parts_.database, parts_.clock));
  return write_bundle(*known, content);
}

base::Result<void> Identity::write_bundle(const IdentityFacts& known, const std::string& content) {
  const std::int64_t now_ms = parts_.clock.now_ms();
  TRY_VOID(parts_.key_holder.rewrite_bundle(content, now_ms / 1000, known.recovery_path()));
  return parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(transaction("UPDATE identity SET bundle_updated_at_ms = $1", now_ms));
    return write_value(transaction, bundle_digest_name, digest_of(content));
  });
}

}  // namespace kronborg::authority

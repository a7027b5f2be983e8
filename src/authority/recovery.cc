#include <charconv>
#include <utility>

#include "authority/adoption.h"
#include "authority/audit.h"
#include "authority/identity.h"
#include "authority/load.h"
#include "authority/restore.h"
#include "authority/rows.h"
#include "authority/stored_values.h"
#include "base/file.h"
#include "identity/bundle_content.h"

// The operations of Identity that docs/protocol/identity.md section 14.3 names.

namespace kronborg::authority {

namespace {

using base::Code;

/// As KeyHolder reads bundles.
constexpr std::size_t max_bundle_bytes = std::size_t{33} << 20U;

base::Result<std::string> bundle_text(std::optional<std::string> given,
                                      const std::filesystem::path& data_folder) {
  if (given) return *std::move(given);
  const auto path = data_folder / keyholder::bundle_name;
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) {
    return base::Error(Code::not_found, "There is no recovery bundle in the data folder.",
                       "Name one with --bundle: a copy of recovery.json.");
  }
  return base::read_file(path, max_bundle_bytes);
}

std::optional<std::int64_t> number_in(const std::optional<std::string>& text) {
  std::int64_t number = 0;
  if (!text) return std::nullopt;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

PendingRecovery pending_of(const keyholder::Recovered& recovered, const RecoverIdentity& request,
                           std::int64_t now_ms) {
  PendingRecovery pending;
  pending.facts.master = recovered.identity.master;
  pending.facts.device_id = recovered.identity.device_id;
  pending.facts.keystore = keyholder::kind_name(request.keystore.kind);
  pending.facts.created_at_ms = recovered.created_at * 1000;
  pending.facts.bundle_updated_at_ms = now_ms;
  if (request.keystore.recovery_folder) {
    pending.facts.recovery_folder = request.keystore.recovery_folder->string();
  }
  pending.from_bundle = recovered.updated_at.has_value();
  pending.earlier = request.earlier;
  pending.bundle_updated_at = recovered.updated_at;
  pending.content = recovered.content;
  return pending;
}

}  // namespace

base::Result<void> Identity::may_recover(const std::optional<IdentityFacts>& known,
                                         const std::optional<identity::Address>& replace,
                                         bool cut_off) {
  if (known && replace) {
    if (*replace != known->master) return Code::identity_exists;
    return {};
  }
  const auto keystore = parts_.key_holder.keystore();
  const bool has_keystore = keystore || keystore.error().code != Code::identity_missing;
  // A set-up that was cut off before anybody learned its address or code makes room.
  if (has_keystore && !(cut_off && !known)) return Code::identity_exists;
  return {};
}

base::Result<RecoveredIdentity> Identity::recover(const Actor& actor, RecoverIdentity request) {
  const std::lock_guard lock(creating_);
  std::optional<IdentityFacts> known;
  bool cut_off = false;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(known, read_identity(transaction));
    TRY(const auto intent, read_intent(transaction));
    cut_off = intent.has_value();
    return {};
  }));
  TRY_VOID(may_recover(known, request.keystore.replace, cut_off));

  keyholder::Recovery recovery;
  recovery.kind = request.keystore.kind;
  recovery.secret = std::move(request.keystore.passphrase);
  recovery.recovery_folder = request.keystore.recovery_folder;
  recovery.replace = request.keystore.replace.has_value() || (cut_off && !known);
  if (known) recovery.store_master = known->master;
  recovery.code = std::move(request.code);
  recovery.words = std::move(request.words);
  recovery.earlier = request.earlier;
  recovery.now_ms = parts_.clock.now_ms();
  if (recovery.words.empty()) {
    TRY(recovery.bundle, bundle_text(std::move(request.bundle), parts_.data_folder));
  }
  const std::int64_t now_ms = recovery.now_ms;
  TRY(auto prepared, parts_.key_holder.prepare_recovery(std::move(recovery)));
  keyholder::Recovered& recovered = prepared.recovered();
  if (known && !request.keystore.replace && known->master != recovered.identity.master) {
    return Code::identity_exists;
  }
  TRY(const auto content, identity::read_bundle_content(recovered.content));
  auto pending = pending_of(recovered, request, now_ms);
  pending.files = prepared.files();
  TRY_VOID(settle(actor, prepared, pending));
  record_host_device(actor);
  return RecoveredIdentity{.master = recovered.identity.master,
                           .recovery_code = std::move(recovered.identity.recovery_code),
                           .bundle_updated_at = recovered.updated_at,
                           .agents = static_cast<std::int64_t>(content.agents.size())};
}

/// The one step: what is to be stored, the files, the rows.
base::Result<void> Identity::settle(const Actor& actor, keyholder::PreparedRecovery& prepared,
                                    const PendingRecovery& pending) {
  TRY_VOID(parts_.database.write(
      [&](sql::Transaction& transaction) { return write_pending(transaction, pending); }));
  // A row that stays is dealt with at the next start.
  const auto forget = [&] { static_cast<void>(parts_.database.write(clear_pending)); };
  auto done = prepared.place();
  if (done) {
    done = parts_.database.write([&](sql::Transaction& transaction) {
      return restore(transaction, parts_, actor, pending);
    });
  }
  if (!done) {
    // A store that was lost on the way may have committed all the same.
    const auto there = facts();
    if (!there) {
      prepared.leave();
      return base::Error(done.error().code, "The store was lost while the identity was recovered.",
                         "Restart kronborg: it finishes the recovery or takes it back. See "
                         "'kronborg status' then.");
    }
    if (!*there || (*there)->device_id != pending.facts.device_id) {
      prepared.take_back();
      forget();
      return done;
    }
  }
  prepared.keep();
  forget();
  return {};
}

base::Result<void> Identity::note_secret_use(const Actor& actor, std::string_view type,
                                             const std::optional<base::Error>& failure) {
  if (failure && failure->code != Code::wrong_passphrase && failure->code != Code::pin_locked_out) {
    return {};
  }
  TRY(const auto known, facts());
  return parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    base::json::object detail;
    if (failure) detail["refused"] = base::facts(failure->code).name;
    TRY_VOID(record_audit(transaction, parts_, actor,
                          {.type = type,
                           .subject = known ? known->master.text() : std::string(),
                           .detail = std::move(detail)}));
    return {};
  });
}

base::Result<DrillResult> Identity::drill(const Actor& actor, std::optional<std::string> bundle,
                                          const base::SecretText& code) {
  TRY(const std::string text, bundle_text(std::move(bundle), parts_.data_folder));
  auto drill = parts_.key_holder.drill(text, code);
  if (!drill && drill.error().code != Code::recovery_code_wrong) return std::move(drill).error();
  DrillResult result;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto known, read_identity(transaction));
    base::json::object detail;
    if (drill) {
      result.drill = *drill;
      result.matches = known && known->master == drill->bundle.master;
      detail["matches"] = result.matches;
      detail["generation"] = drill->bundle.generation;
      if (result.matches) {
        TRY_VOID(write_value(transaction, last_drill_name, std::to_string(parts_.clock.now_ms())));
      }
    } else {
      detail["refused"] = base::facts(drill.error().code).name;
    }
    TRY_VOID(record_audit(transaction, parts_, actor,
                          {.type = "identity.recovery_drill",
                           .subject = known ? known->master.text() : std::string(),
                           .detail = std::move(detail)}));
    return {};
  }));
  if (!drill) return std::move(drill).error();
  return result;
}

base::Result<base::SecretText> Identity::new_code(const Actor& actor,
                                                  const base::SecretText& secret) {
  const std::lock_guard lock(creating_);
  TRY(const auto known, facts());
  if (!known) return Code::identity_missing;
  TRY(const std::string content, bundle_content(parts_.database, parts_.clock));
  const std::int64_t now_ms = parts_.clock.now_ms();
  auto code = parts_.key_holder.new_code(secret, content, now_ms / 1000, known->recovery_path());
  if (!code) {
    TRY_VOID(note_secret_use(actor, "identity.recovery_code", code.error()));
    return code;
  }
  // The code holds from here on; a store that fails now must not keep it from its owner.
  const auto noted =
      parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY_VOID(transaction("UPDATE identity SET bundle_updated_at_ms = $1", now_ms));
        return write_value(transaction, bundle_digest_name, digest_of(content));
      });
  const auto recorded = note_secret_use(actor, "identity.recovery_code", std::nullopt);
  if (!noted || !recorded) ++parts_.signals.bundle;
  return code;
}

base::Result<base::SecretText> Identity::words(const Actor& actor, const base::SecretText& secret) {
  auto words = parts_.key_holder.words(secret);
  TRY_VOID(note_secret_use(actor, "identity.recovery_words",
                           words ? std::nullopt : std::optional(words.error())));
  return words;
}

base::Result<bool> Identity::bundle_is_current() {
  TRY(const std::string content, bundle_content(parts_.database, parts_.clock));
  std::optional<std::string> digest;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(digest, read_value(transaction, bundle_digest_name));
    return {};
  }));
  return digest == digest_of(content);
}

base::Result<std::optional<std::int64_t>> Identity::last_drill() {
  std::optional<std::string> drill;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(drill, read_value(transaction, last_drill_name));
    return {};
  }));
  return number_in(drill);
}

base::Result<bool> Identity::keep_bundle() {
  const std::lock_guard lock(creating_);
  TRY(const auto known, facts());
  if (!known) return false;
  TRY(const std::string content, bundle_content(parts_.database, parts_.clock));
  std::optional<std::string> digest;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(digest, read_value(transaction, bundle_digest_name));
    return {};
  }));
  if (digest == digest_of(content)) {
    TRY(const bool sound, parts_.key_holder.bundle_is_sound(known->recovery_path()));
    if (sound) return false;
  }
  TRY_VOID(write_bundle(*known, content));
  return true;
}

}  // namespace kronborg::authority

#include "keyholder/holder.h"

#include <type_traits>
#include <utility>

#include "identity/recovery_code.h"
#include "identity/sealed_file.h"
#include "identity/signed_message.h"
#include "keyholder/bundle.h"
#include "keyholder/content.h"
#include "keyholder/signing_rules.h"

namespace kronborg::keyholder {
namespace {

constexpr std::string_view keystore_words = "the keystore";
constexpr std::string_view bundle_words = "the recovery bundle";
constexpr std::string_view copy_words = "the copy of the recovery bundle";

std::size_t files_of(const FactsRequest&) { return 1; }
std::size_t files_of(const UnlockRequest&) { return 1; }
std::size_t files_of(const CreateRequest& request) { return request.copy ? 3 : 2; }
std::size_t files_of(const RewriteRequest& request) {
  return 2U + (request.copy ? 1U : 0U) + (request.present ? 1U : 0U);
}
std::size_t files_of(const auto&) { return 0; }

/// The recovery part of a new keystore. The code itself is kept nowhere.
base::Result<Keystore::Recovery> recovery_of(const base::SecretText& code, base::Random& random) {
  Keystore::Recovery recovery;
  recovery.generation = 1;
  random.fill(recovery.salt);
  identity::SealedHeader header;
  header.salt = recovery.salt;
  TRY(const base::SecretText password, identity::password_of_code(code.reveal()));
  TRY(recovery.key, identity::key_of_password(header, password.reveal()));
  return recovery;
}

std::optional<crypto::PrivateKey> derived(const crypto::PrivateKey& master, const KeyRef& which) {
  switch (which.kind) {
    case identity::KeyKind::master:
      return master.duplicate();
    case identity::KeyKind::agent:
      return identity::derive_agent_key(master, which.agent);
    case identity::KeyKind::pairing:
      return identity::derive_pairing_key(master);
    case identity::KeyKind::connect:
      return identity::derive_connect_key(master, which.agent.scope);
  }
  return std::nullopt;
}

}  // namespace

Holder::Holder(base::Random& random, HolderStatus status) : random_(random), status_(status) {
  if (status_.memory == MemoryLock::none && unlocked_.locked()) {
    status_.memory = MemoryLock::key_page;
  }
}

std::optional<Reply> Holder::answer(Request request, std::span<const Descriptor> descriptors) {
  return std::visit(
      [&]<class R>(const R& one) -> std::optional<Reply> {
        if constexpr (!std::is_same_v<R, AdoptRequest> && !std::is_same_v<R, StatusRequest>) {
          created_.clear();
        }
        if (descriptors.size() != files_of(one)) return std::nullopt;
        base::Result<Reply> reply = on(one, descriptors);
        if (!reply) return reply_of(reply.error());
        return *std::move(reply);
      },
      request);
}

base::Result<Reply> Holder::on(const StatusRequest& /*request*/, Files /*files*/) {
  StatusReply reply{.status = status_};
  reply.status.locked = unlocked_.get() == nullptr;
  return reply;
}

base::Result<Reply> Holder::on(const FactsRequest& /*request*/, Files files) {
  TRY(std::string text, read_content(files[0].get(), max_keystore_bytes, keystore_words));
  base::Result<KeystoreFacts> facts = read_facts(text);
  base::wipe(text.data(), text.size());
  if (!facts) return std::move(facts).error();
  return FactsReply{.facts = *std::move(facts)};
}

base::Result<Reply> Holder::on(const CreateRequest& request, Files files) {
  Keystore keystore;
  keystore.master = identity::new_master_key(random_);
  keystore.device = crypto::new_p256_key(random_);
  keystore.has_device = true;
  KeystoreFacts facts{.kind = request.kind,
                      .master = identity::address_of(keystore.master),
                      .device_id = {},
                      .created_at = request.now};
  TRY(facts.device_id, device_id_of(keystore));
  base::SecretText code = identity::new_recovery_code(random_);
  TRY(keystore.recovery, recovery_of(code, random_));
  TRY(std::string text,
      form_of(request.kind).write(keystore, facts, request.passphrase.reveal(), random_));
  base::Result<void> written = write_content(files[0].get(), text, keystore_words);
  base::wipe(text.data(), text.size());
  if (!written) return std::move(written).error();
  TRY(const std::string bundle,
      seal_bundle(keystore, empty_bundle_content, std::nullopt, request.now, random_));
  TRY_VOID(write_content(files[1].get(), bundle, bundle_words));
  if (request.copy) TRY_VOID(write_content(files[2].get(), bundle, copy_words));
  created_.put(std::move(keystore));
  CreateReply reply;
  reply.created.master = facts.master;
  reply.created.device_id = facts.device_id;
  reply.created.recovery_code = std::move(code);
  return reply;
}

base::Result<Reply> Holder::on(const AdoptRequest& /*request*/, Files /*files*/) {
  if (created_.get() == nullptr) return base::Code::identity_missing;
  unlocked_.take(created_);
  return DoneReply{};
}

base::Result<Reply> Holder::on(const UnlockRequest& request, Files files) {
  TRY(std::string text, read_content(files[0].get(), max_keystore_bytes, keystore_words));
  base::Result<Keystore> keystore = open_keystore(text, request.passphrase.reveal());
  base::wipe(text.data(), text.size());
  if (!keystore) return std::move(keystore).error();
  unlocked_.put(*std::move(keystore));
  return DoneReply{};
}

base::Result<Reply> Holder::on(const LockRequest& /*request*/, Files /*files*/) {
  unlocked_.clear();
  return DoneReply{};
}

base::Result<crypto::PrivateKey> Holder::key_for(const KeyRef& which) const {
  if (unlocked_.get() == nullptr) return base::Code::identity_locked;
  auto key = derived(unlocked_.get()->master, which);
  if (!key) {
    return base::Error(base::Code::not_a_key, "The derivation gives no key for this index.",
                       "Take the next index.");
  }
  return *std::move(key);
}

base::Result<Reply> Holder::on(const SignRequest& request, Files /*files*/) {
  if (unlocked_.get() == nullptr) return base::Code::identity_locked;
  if (!may_sign(request.prefix, request.key.kind, request.payload)) {
    return base::Code::signing_refused;
  }
  TRY(const crypto::PrivateKey key, key_for(request.key));
  return SignatureReply{.signature = identity::sign(key, request.prefix, request.payload)};
}

base::Result<Reply> Holder::on(const AddressRequest& request, Files /*files*/) {
  TRY(const crypto::PrivateKey key, key_for(request.key));
  return AddressReply{.address = identity::address_of(key)};
}

base::Result<Reply> Holder::on(const RewriteRequest& request, Files files) {
  if (unlocked_.get() == nullptr) return base::Code::identity_locked;
  TRY(const std::string content,
      read_content(files[0].get(), max_bundle_bytes, "the content of the bundle"));
  std::optional<std::string> present;
  if (request.present) {
    // One that cannot be read is replaced all the same.
    auto text = read_content(files.back().get(), max_bundle_bytes, bundle_words);
    if (text) present = *std::move(text);
  }
  TRY(const std::string bundle,
      seal_bundle(*unlocked_.get(), content, present, request.now, random_));
  TRY_VOID(write_content(files[1].get(), bundle, bundle_words));
  RewriteReply reply;
  if (request.copy) {
    auto copied = write_content(files[2].get(), bundle, copy_words);
    if (!copied) reply = {.copied = false, .why = reply_of(copied.error())};
  }
  return reply;
}

}  // namespace kronborg::keyholder

#include "keyholder/holder.h"

#include <type_traits>
#include <utility>

#include "crypto/p256.h"
#include "identity/mnemonic.h"
#include "identity/signed_message.h"
#include "keyholder/content.h"
#include "keyholder/opener.h"
#include "keyholder/signing_rules.h"

namespace kronborg::keyholder {
namespace {

constexpr std::size_t one_if(bool there) { return there ? 1 : 0; }

std::size_t files_of(const FactsRequest&) { return 1; }
std::size_t files_of(const DrillRequest&) { return 1; }
std::size_t files_of(const SoundRequest&) { return 1; }
std::size_t files_of(const UnlockRequest& request) { return 1 + one_if(request.aid); }
std::size_t files_of(const WordsRequest& request) { return 1 + one_if(request.aid); }
std::size_t files_of(const CreateRequest& request) {
  return 2 + one_if(request.copy) + one_if(request.aid);
}
std::size_t files_of(const RecoverRequest& request) {
  return files_of(request.keystore) + 1 + one_if(request.bundle);
}
std::size_t files_of(const RewriteRequest& request) {
  return 2 + one_if(request.copy) + one_if(request.present);
}
std::size_t files_of(const NewCodeRequest& request) {
  return 4 + one_if(request.copy) + one_if(request.present) + one_if(request.aid);
}
std::size_t files_of(const auto&) { return 0; }

/// Whether new keys that wait for AdoptRequest go on waiting.
template <class R>
constexpr bool leaves_new_keys =
    !std::is_same_v<R, CreateRequest> && !std::is_same_v<R, RecoverRequest> &&
    !std::is_same_v<R, NewCodeRequest> && !std::is_same_v<R, UnlockRequest> &&
    !std::is_same_v<R, LockRequest>;

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
        if constexpr (!leaves_new_keys<R>) created_.clear();
        if (descriptors.size() != files_of(one)) return std::nullopt;
        base::Result<Reply> reply = on(one, descriptors);
        if (!reply) return reply_of(reply.error());
        return *std::move(reply);
      },
      request);
}

base::Result<Keystore> open_from(int file, std::string_view secret, const Descriptor* aid) {
  TRY(std::string text, read_content(file, max_keystore_bytes, keystore_words));
  base::Result<Keystore> keystore = [&]() -> base::Result<Keystore> {
    TRY(const KeystoreFacts facts, read_facts(text));
    TRY(const HeldOpener opener, HeldOpener::of(facts.kind, secret, aid));
    return open_keystore(text, opener.get());
  }();
  base::wipe(text.data(), text.size());
  return keystore;
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

base::Result<Reply> Holder::on(const UnlockRequest& request, Files files) {
  TRY(Keystore keystore,
      open_from(files[0].get(), request.secret.reveal(), request.aid ? &files[1] : nullptr));
  unlocked_.put(std::move(keystore));
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

base::Result<Reply> Holder::on(const DeviceRequest& request, Files /*files*/) {
  if (unlocked_.get() == nullptr) return base::Code::identity_locked;
  const Keystore& keystore = *unlocked_.get();
  if (!keystore.has_device) {
    return base::Error(base::Code::device_not_found, "The keystore holds no device key.");
  }
  if (request.digest.size() != 32) return base::Code::signing_refused;
  TRY(const auto key, crypto::p256_public_key(keystore.device));
  TRY(const auto signature,
      crypto::p256_sign(keystore.device, base::BytesView(request.digest).first<32>()));
  return DeviceReply{.key = {key.begin(), key.end()},
                     .signature = {signature.begin(), signature.end()}};
}

base::Result<Reply> Holder::on(const WordsRequest& request, Files files) {
  TRY(const Keystore keystore,
      open_from(files[0].get(), request.secret.reveal(), request.aid ? &files[1] : nullptr));
  SecretReply reply;
  reply.secret = identity::words_of(keystore.master);
  return reply;
}

}  // namespace kronborg::keyholder

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"
#include "keyholder/keyholder.h"
#include "keyholder/packet.h"

namespace kronborg::keyholder {

// What parent and holder say to each other: each request is answered by one reply. Both sides come
// from one build, so there is no version. `fields` names the members of a message once, for writing
// and for reading.

inline constexpr std::size_t max_passphrase_bytes = 1024;
inline constexpr std::size_t max_payload_bytes = 48 * 1024;
inline constexpr std::size_t max_scope_bytes = 1024;

struct StatusRequest {
  void fields(auto&) {}
};
/// Descriptors: the keystore.
struct FactsRequest {
  void fields(auto&) {}
};
/// Descriptors to write to: the keystore, the bundle, and its copy if `copy`. The new keys wait for
/// AdoptRequest, which says that the files are in place; any other request but StatusRequest drops
/// them.
struct CreateRequest {
  KeystoreKind kind = KeystoreKind::passphrase;
  bool copy = false;
  std::int64_t now = 0;
  base::SecretText passphrase;
  void fields(auto& each) { each(kind), each(copy), each(now), each(passphrase); }
};
struct AdoptRequest {
  void fields(auto&) {}
};
/// Descriptors: the keystore.
struct UnlockRequest {
  base::SecretText passphrase;
  void fields(auto& each) { each(passphrase); }
};
struct LockRequest {
  void fields(auto&) {}
};
struct SignRequest {
  identity::Prefix prefix = identity::Prefix::access;
  KeyRef key;
  base::Bytes payload;
  void fields(auto& each) { each(prefix), each(key), each(payload); }
};
struct AddressRequest {
  KeyRef key;
  void fields(auto& each) { each(key); }
};
/// Descriptors: the content to read, the bundle to write, its copy if `copy`, the present bundle to
/// read if `present`.
struct RewriteRequest {
  std::int64_t now = 0;
  bool copy = false;
  bool present = false;
  void fields(auto& each) { each(now), each(copy), each(present); }
};

struct DoneReply {
  void fields(auto&) {}
};
struct ErrorReply {
  std::string code;
  std::string message;
  std::string hint;
  void fields(auto& each) { each(code), each(message), each(hint); }
};
struct StatusReply {
  HolderStatus status;
  void fields(auto& each) {
    each(status.locked), each(status.memory), each(status.dumpable), each(status.core_files);
  }
};
struct FactsReply {
  KeyHolder::KeystoreFacts facts{};
  void fields(auto& each) {
    each(facts.kind), each(facts.master), each(facts.device_id), each(facts.created_at);
  }
};
struct CreateReply {
  NewIdentity created;
  void fields(auto& each) {
    each(created.master), each(created.device_id), each(created.recovery_code);
  }
};
/// The bundle is written; if not `copied`, its copy is not, and `why` says why.
struct RewriteReply {
  bool copied = true;
  ErrorReply why;
  void fields(auto& each) { each(copied), each(why.code), each(why.message), each(why.hint); }
};
struct SignatureReply {
  crypto::Signature signature{};
  void fields(auto& each) { each(signature); }
};
struct AddressReply {
  identity::Address address;
  void fields(auto& each) { each(address); }
};

using Request =
    std::variant<StatusRequest, FactsRequest, CreateRequest, AdoptRequest, UnlockRequest,
                 LockRequest, SignRequest, AddressRequest, RewriteRequest>;
using Reply = std::variant<ErrorReply, DoneReply, StatusReply, FactsReply, CreateReply,
                           RewriteReply, SignatureReply, AddressReply>;

Packet encode(Request request);
Packet encode(Reply reply);
/// Nothing when the bytes are not exactly one message with values in their ranges.
std::optional<Request> decode_request(base::BytesView bytes);
std::optional<Reply> decode_reply(base::BytesView bytes);

/// An error as it crosses, and back.
ErrorReply reply_of(const base::Error& error);
base::Error error_of(ErrorReply reply);

}  // namespace kronborg::keyholder

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
#include "identity/recovery_bundle.h"
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
/// Descriptors to write to: the keystore, the bundle, and its copy if `copy`; behind them what
/// `aid` says: the TPM for tpm2, where the keyring's key is read for secret-service. The new keys
/// wait for AdoptRequest, which says that the files are in place; any other request that changes
/// what the holder holds drops them.
struct CreateRequest {
  KeystoreKind kind = KeystoreKind::passphrase;
  bool copy = false;
  bool aid = false;
  std::int64_t now = 0;
  base::SecretText secret;  ///< passphrase or PIN
  std::string item;         ///< secret-service: name of the item in the keyring
  std::string device;  ///< id of the device whose key a TPM holds; empty: a software key is made
  void fields(auto& each) {
    each(kind), each(copy), each(aid), each(now), each(secret), each(item), each(device);
  }
};
/// The same with a master key that exists: from a bundle and its code, or from 24 words.
/// Descriptors: as above, but before `aid` one to write the restored content to, and with `bundle`
/// the bundle to read.
struct RecoverRequest {
  CreateRequest keystore;
  bool bundle = false;
  base::SecretText code;
  base::SecretText words;
  identity::EarlierKeys earlier = identity::EarlierKeys::keep;
  std::int64_t now_ms = 0;
  std::int64_t generation_above = 0;  ///< the new bundle has a higher one
  void fields(auto& each) {
    keystore.fields(each);
    each(bundle), each(code), each(words), each(earlier), each(now_ms), each(generation_above);
  }
};
/// With `keep` the new keys take the place of those that are held; else they are dropped.
struct AdoptRequest {
  bool keep = true;
  void fields(auto& each) { each(keep); }
};
/// Descriptors: the keystore, and `aid`.
struct UnlockRequest {
  bool aid = false;
  base::SecretText secret;
  void fields(auto& each) { each(aid), each(secret); }
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
/// A signature by the software key of the host device.
struct DeviceRequest {
  base::Bytes digest;  ///< SHA-256
  void fields(auto& each) { each(digest); }
};
/// Descriptors: the content to read, the bundle to write, its copy if `copy`, the present bundle to
/// read if `present`.
struct RewriteRequest {
  std::int64_t now = 0;
  bool copy = false;
  bool present = false;
  void fields(auto& each) { each(now), each(copy), each(present); }
};

/// A new recovery code. The keystore is opened anew, whatever is held; adopted like CreateRequest,
/// but what was locked stays locked. Descriptors: the content, the keystore to read, the keystore
/// and the bundle to write, the bundle's copy if `copy`, the present bundle to read if `present`,
/// and `aid`.
struct NewCodeRequest {
  std::int64_t now = 0;
  bool copy = false;
  bool present = false;
  bool aid = false;
  base::SecretText secret;
  void fields(auto& each) { each(now), each(copy), each(present), each(aid), each(secret); }
};
/// The 24 words. Descriptors: the keystore, which is opened anew, and `aid`.
struct WordsRequest {
  bool aid = false;
  base::SecretText secret;
  void fields(auto& each) { each(aid), each(secret); }
};
/// Everything that a recovery does up to its checks. Descriptors: the bundle.
struct DrillRequest {
  base::SecretText code;
  void fields(auto& each) { each(code); }
};
/// Whether the recovery key that is held opens a bundle. Descriptors: the bundle.
struct SoundRequest {
  void fields(auto&) {}
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
    each(facts.asks), each(facts.item);
  }
};
struct CreateReply {
  NewIdentity created;
  void fields(auto& each) {
    each(created.master), each(created.device_id), each(created.recovery_code);
  }
};
struct RecoverReply {
  NewIdentity created;
  std::int64_t created_at = 0;  ///< of the identity
  std::int64_t updated_at = 0;  ///< of the bundle that was opened; 0 without one
  void fields(auto& each) {
    each(created.master), each(created.device_id), each(created.recovery_code);
    each(created_at), each(updated_at);
  }
};
struct SecretReply {
  base::SecretText secret;  ///< a code, or the words
  void fields(auto& each) { each(secret); }
};
struct DrillReply {
  BundleFacts facts;
  std::int64_t agents = 0;
  void fields(auto& each) {
    each(facts.master), each(facts.generation), each(facts.created_at), each(facts.updated_at);
    each(agents);
  }
};
struct SoundReply {
  bool sound = false;
  void fields(auto& each) { each(sound); }
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
struct DeviceReply {
  base::Bytes key;        ///< 65 bytes
  base::Bytes signature;  ///< 64 bytes
  void fields(auto& each) { each(key), each(signature); }
};

using Request =
    std::variant<StatusRequest, FactsRequest, CreateRequest, RecoverRequest, AdoptRequest,
                 UnlockRequest, LockRequest, SignRequest, AddressRequest, RewriteRequest,
                 NewCodeRequest, WordsRequest, DrillRequest, SoundRequest, DeviceRequest>;
using Reply = std::variant<ErrorReply, DoneReply, StatusReply, FactsReply, CreateReply,
                           RecoverReply, SecretReply, DrillReply, SoundReply, RewriteReply,
                           SignatureReply, AddressReply, DeviceReply>;

Packet encode(Request request);
Packet encode(Reply reply);
/// Nothing when the bytes are not exactly one message with values in their ranges.
std::optional<Request> decode_request(base::BytesView bytes);
std::optional<Reply> decode_reply(base::BytesView bytes);

/// An error as it crosses, and back.
ErrorReply reply_of(const base::Error& error);
base::Error error_of(ErrorReply reply);

}  // namespace kronborg::keyholder

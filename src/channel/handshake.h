#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/secp256k1.h"
#include "crypto/x25519.h"
#include "identity/address.h"

namespace kronborg::channel {

// The handshake of docs/protocol/secure-channel.md section 1: what both sides send, sign and
// derive. Texts are kept as they were sent, because the transcript joins them as they are.

inline constexpr std::int64_t session_life_s = 3600;
inline constexpr std::int64_t handshake_wait_s = 15;  ///< of a client

struct ClientHello {
  std::string agent_address;  ///< as sent; compared lower
  std::string enc_pub;
  std::string nonce;
};
struct ServerHello {
  std::string sid;
  std::string enc_pub;
  std::int64_t expires_at = 0;  ///< Unix seconds
  std::string signature;        ///< over the transcript; empty before it is made
};

/// The keys of a session, one per direction.
struct SessionKeys {
  base::Secret<32> c2s, s2c;
};

/// One line; what the host signs. The signature of `server` is not part of it.
std::string transcript_of(const ClientHello& client, const ServerHello& server);
SessionKeys session_keys(const base::Secret<32>& shared, std::string_view transcript);

/// Rows 2 to 4 of section 1. Errors: handshake_malformed, handshake_version.
base::Result<ClientHello> read_client_hello(std::string_view body);

/// Signs with the key of the address that the client named.
using SignTranscript = std::function<base::Result<crypto::Signature>(std::string_view transcript)>;

/// The host's side of a session that was just made.
struct Accepted {
  ServerHello hello;
  SessionKeys keys;
};
/// Row 7: `hello` is one of read_client_hello(). `now` in Unix seconds. Errors: handshake_failed
/// (also for a signature of another address than `agent`), and those of `sign`.
base::Result<Accepted> accept_client(const ClientHello& hello, const identity::Address& agent,
                                     std::int64_t now, base::Random& random,
                                     const SignTranscript& sign);

/// The JSON texts as they travel, members sorted.
std::string render(const ClientHello& hello);
std::string render(const ServerHello& hello);

/// What the client has once the host has proven itself.
struct Established {
  std::string sid;
  SessionKeys keys;
  std::int64_t expires_at = 0;  ///< Unix seconds
};

/// The client's side of one handshake. The address is pinned before the first request, never taken
/// from an answer.
class ClientHandshake {
 public:
  ClientHandshake(const identity::Address& pinned, base::Random& random);

  [[nodiscard]] const ClientHello& hello() const { return hello_; }
  /// `body`: of the answer 200. Errors: host_answer_malformed (also another version, an empty sid,
  /// an unusable key), host_not_proven (a signature that is not of the pinned address). After any
  /// of them there is no session and nothing is sent in plain.
  [[nodiscard]] base::Result<Established> finish(std::string_view body) const;

 private:
  identity::Address pinned_;
  crypto::X25519PrivateKey key_;
  ClientHello hello_;
};

}  // namespace kronborg::channel

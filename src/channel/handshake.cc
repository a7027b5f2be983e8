#include "channel/handshake.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json_members.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "identity/signature_text.h"

namespace kronborg::channel {
namespace {

using base::Code;
using identity::Prefix;

constexpr std::int64_t version = 1;
constexpr std::size_t least_nonce_bytes = 16;
constexpr std::size_t most_nonce_bytes = 64;

bool is_nonce(std::string_view text) {
  const auto bytes = base::base64url_strict(text);
  return bytes && bytes->size() >= least_nonce_bytes && bytes->size() <= most_nonce_bytes;
}

template <std::size_t Size>
std::string random_text(base::Random& random) {
  std::array<std::uint8_t, Size> bytes{};
  random.fill(bytes);
  return base::base64url(bytes);
}

}  // namespace

std::string transcript_of(const ClientHello& client, const ServerHello& server) {
  return fmt::format("osaurus-sc1|v={}|aA={}|eC={}|nC={}|sid={}|eS={}|exp={}", version,
                     base::lower(client.agent_address), client.enc_pub, client.nonce, server.sid,
                     server.enc_pub, server.expires_at);
}

SessionKeys session_keys(const base::Secret<32>& shared, std::string_view transcript) {
  const auto salt = crypto::sha256(base::bytes_of(transcript));
  return {.c2s = crypto::hkdf_sha256(shared.reveal(), salt, base::bytes_of("osaurus-sc1:c2s")),
          .s2c = crypto::hkdf_sha256(shared.reveal(), salt, base::bytes_of("osaurus-sc1:s2c"))};
}

base::Result<ClientHello> read_client_hello(std::string_view body) {
  const auto value = base::parse_json(body);
  const auto* object = value ? value->if_object() : nullptr;
  std::int64_t v = 0;
  ClientHello hello;
  if (object == nullptr || !base::read_integer(*object, "v", v) ||
      !base::read_text(*object, "agentAddress", hello.agent_address) ||
      !base::read_text(*object, "encPub", hello.enc_pub) ||
      !base::read_text(*object, "nonce", hello.nonce)) {
    return Code::handshake_malformed;
  }
  if (v != version) return Code::handshake_version;
  if (!crypto::read_x25519_public_key(hello.enc_pub) || !is_nonce(hello.nonce)) {
    return base::Error(Code::handshake_malformed, "Malformed handshake");
  }
  return hello;
}

base::Result<Accepted> accept_client(const ClientHello& hello, const identity::Address& agent,
                                     std::int64_t now, base::Random& random,
                                     const SignTranscript& sign) {
  const auto theirs = crypto::read_x25519_public_key(hello.enc_pub);
  const crypto::X25519PrivateKey own = crypto::new_x25519_key(random);
  const auto shared = theirs ? crypto::x25519(own, *theirs) : std::nullopt;
  if (!shared) return Code::handshake_failed;
  Accepted accepted;
  accepted.hello.sid = random_text<16>(random);
  accepted.hello.enc_pub = base::base64url(crypto::x25519_public_key(own));
  accepted.hello.expires_at = now + session_life_s;
  const std::string transcript = transcript_of(hello, accepted.hello);
  TRY(const auto signature, sign(transcript));
  if (identity::recover_signer(Prefix::secure_channel, base::bytes_of(transcript), signature) !=
      agent) {
    return Code::handshake_failed;
  }
  accepted.hello.signature = identity::signature_text(signature);
  accepted.keys = session_keys(*shared, transcript);
  return accepted;
}

std::string render(const ClientHello& hello) {
  return base::sorted_json(base::json::object{{"v", version},
                                              {"agentAddress", hello.agent_address},
                                              {"encPub", hello.enc_pub},
                                              {"nonce", hello.nonce}});
}

std::string render(const ServerHello& hello) {
  return base::sorted_json(base::json::object{{"v", version},
                                              {"sid", hello.sid},
                                              {"encPub", hello.enc_pub},
                                              {"expiresAt", hello.expires_at},
                                              {"signature", hello.signature}});
}

ClientHandshake::ClientHandshake(const identity::Address& pinned, base::Random& random)
    : pinned_(pinned), key_(crypto::new_x25519_key(random)) {
  hello_.agent_address = pinned.lower();
  hello_.enc_pub = base::base64url(crypto::x25519_public_key(key_));
  hello_.nonce = random_text<least_nonce_bytes>(random);
}

base::Result<Established> ClientHandshake::finish(std::string_view body) const {
  const auto value = base::parse_json(body);
  const auto* object = value ? value->if_object() : nullptr;
  std::int64_t v = 0;
  ServerHello server;
  if (object == nullptr || !base::read_integer(*object, "v", v) || v != version ||
      !base::read_text(*object, "sid", server.sid) || server.sid.empty() ||
      !base::read_text(*object, "encPub", server.enc_pub) ||
      !base::read_integer(*object, "expiresAt", server.expires_at) ||
      !base::read_text(*object, "signature", server.signature)) {
    return Code::host_answer_malformed;
  }
  const auto theirs = crypto::read_x25519_public_key(server.enc_pub);
  if (!theirs) return Code::host_answer_malformed;
  const std::string transcript = transcript_of(hello_, server);
  if (identity::signer_of(Prefix::secure_channel, transcript, server.signature) != pinned_) {
    return Code::host_not_proven;
  }
  const auto shared = crypto::x25519(key_, *theirs);
  if (!shared) return Code::host_answer_malformed;
  return Established{.sid = std::move(server.sid),
                     .keys = session_keys(*shared, transcript),
                     .expires_at = server.expires_at};
}

}  // namespace kronborg::channel

#include "pairing/seal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "crypto/chacha20_poly1305.h"
#include "crypto/hpke.h"

namespace kronborg::pairing {
namespace {

std::string key_info(const identity::Address& agent, std::string_view nonce) {
  return fmt::format("osaurus-pair-key-v1:{}:{}", agent.lower(), nonce);
}

std::string payload_data(std::string_view device_id) {
  return fmt::format("osaurus-pair-v2:payload:{}", device_id);
}

}  // namespace

std::optional<SealedKey> seal_key(std::string_view key, const crypto::X25519PublicKey& enc_pub,
                                  const identity::Address& agent, std::string_view nonce,
                                  base::Random& random) {
  const auto message = crypto::hpke_seal(enc_pub, base::bytes_of(key_info(agent, nonce)), {},
                                         base::bytes_of(key), random);
  if (!message) return std::nullopt;
  return SealedKey{.enc = base::base64url(message->enc),
                   .ct = base::base64url(message->ciphertext)};
}

std::optional<base::SecretText> open_key(const SealedKey& sealed,
                                         const crypto::X25519PrivateKey& own,
                                         const identity::Address& agent, std::string_view nonce) {
  const auto enc = crypto::read_x25519_public_key(sealed.enc);
  const auto ciphertext = base::base64url_strict(sealed.ct);
  if (!enc || !ciphertext) return std::nullopt;
  return crypto::hpke_open(own, *enc, base::bytes_of(key_info(agent, nonce)), {}, *ciphertext);
}

std::string seal_payload(const base::Secret<32>& session, std::string_view device_id,
                         std::string_view plain, base::Random& random) {
  crypto::ChaChaNonce nonce{};
  random.fill(nonce);
  const std::string data = payload_data(device_id);
  const auto ciphertext =
      crypto::chacha20_poly1305_seal(session, nonce, base::bytes_of(data), base::bytes_of(plain));
  base::Bytes sealed(nonce.begin(), nonce.end());
  sealed.insert(sealed.end(), ciphertext.begin(), ciphertext.end());
  return base::base64url(sealed);
}

std::optional<base::SecretText> open_payload(const base::Secret<32>& session,
                                             std::string_view device_id, std::string_view sealed) {
  crypto::ChaChaNonce nonce{};
  const auto bytes = base::base64url_strict(sealed);
  if (!bytes || bytes->size() < nonce.size()) return std::nullopt;
  std::copy_n(bytes->begin(), nonce.size(), nonce.begin());
  const std::string data = payload_data(device_id);
  return crypto::chacha20_poly1305_open(session, nonce, base::bytes_of(data),
                                        base::BytesView(*bytes).subspan(nonce.size()));
}

}  // namespace kronborg::pairing

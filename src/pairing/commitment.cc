#include "pairing/commitment.h"

#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::pairing {

Commitment commitment_of(const Reveal& reveal, const identity::Address& connector,
                         const crypto::X25519PublicKey& enc_pub) {
  crypto::Sha256 hash;
  hash.add(base::bytes_of("kronborg-pair-commit-v1"));
  hash.add(reveal);
  hash.add(connector.bytes());
  hash.add(enc_pub);
  return hash.finish();
}

std::optional<std::array<std::uint8_t, 32>> read_32_bytes(std::string_view text) {
  std::array<std::uint8_t, 32> bytes{};
  if (text.size() != 43 || base::base64url_strict_into(text, bytes) != bytes.size()) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace kronborg::pairing

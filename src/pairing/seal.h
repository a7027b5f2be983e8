#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/x25519.h"
#include "identity/address.h"

namespace kronborg::pairing {

/// An access key on its way to one connector (docs/protocol/pairing.md section 4): base64url texts.
struct SealedKey {
  std::string enc, ct;
};

/// `nonce`: of the challenge, the invite or the owner challenge, as text. Nothing when the
/// connector's key cannot be sealed to.
std::optional<SealedKey> seal_key(std::string_view key, const crypto::X25519PublicKey& enc_pub,
                                  const identity::Address& agent, std::string_view nonce,
                                  base::Random& random);
/// Nothing when the texts are malformed, or sealed for another key, agent or nonce.
std::optional<base::SecretText> open_key(const SealedKey& sealed,
                                         const crypto::X25519PrivateKey& own,
                                         const identity::Address& agent, std::string_view nonce);

// The payload of six-digit pairing (section 5.3), sealed under the session key of the exchange.

std::string seal_payload(const base::Secret<32>& session, std::string_view device_id,
                         std::string_view plain, base::Random& random);
std::optional<base::SecretText> open_payload(const base::Secret<32>& session,
                                             std::string_view device_id, std::string_view sealed);

}  // namespace kronborg::pairing

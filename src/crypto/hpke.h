#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/x25519.h"

namespace kronborg::crypto {

// HPKE (RFC 9180), base mode, one message: KEM 0x0020 (X25519, HKDF-SHA256), KDF 0x0001
// (HKDF-SHA256), AEAD 0x0003 (ChaCha20-Poly1305). docs/protocol/pairing.md section 4.

struct HpkeMessage {
  X25519PublicKey enc{};   ///< the sender's key of this message
  base::Bytes ciphertext;  ///< with the tag: 16 bytes more than the plaintext
};

/// Sealed with a new key pair. Nothing when `recipient` has small order.
std::optional<HpkeMessage> hpke_seal(const X25519PublicKey& recipient, base::BytesView info,
                                     base::BytesView associated, base::BytesView plain,
                                     base::Random& random);
/// Nothing when the tag does not fit, or `enc` has small order.
std::optional<base::SecretText> hpke_open(const X25519PrivateKey& recipient,
                                          const X25519PublicKey& enc, base::BytesView info,
                                          base::BytesView associated, base::BytesView ciphertext);

}  // namespace kronborg::crypto

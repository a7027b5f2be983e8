#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace kronborg::crypto {

using X25519PrivateKey = base::Secret<32>;
using X25519PublicKey = std::array<std::uint8_t, 32>;

X25519PrivateKey new_x25519_key(base::Random& random);
X25519PublicKey x25519_public_key(const X25519PrivateKey& key);

/// RFC 7748 section 5. Nothing when the result is all zero: the other side's point has small order,
/// and the secret would be known to everybody (section 6.1).
std::optional<base::Secret<32>> x25519(const X25519PrivateKey& own, const X25519PublicKey& other);

/// A public key as it travels (docs/protocol/pairing.md section 1): strict base64url of 32 bytes
/// for which x25519() does not give the all-zero result, tried with a throw-away scalar.
std::optional<X25519PublicKey> read_x25519_public_key(std::string_view text);

}  // namespace kronborg::crypto

#pragma once

#include <array>
#include <optional>
#include <span>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/keccak.h"

namespace kronborg::crypto {

using PrivateKey = base::Secret<32>;
using PublicKey = std::array<std::uint8_t, 65>;  ///< uncompressed, first byte 04
using Signature = std::array<std::uint8_t, 65>;  ///< r ‖ s ‖ v, v 27..30

/// 1..n-1, big-endian (identity.md section 2).
bool is_private_key(std::span<const std::uint8_t, 32> bytes);

/// Precondition: is_private_key.
PublicKey public_key(const PrivateKey& key);

/// RFC 6979 nonce, low S, v = 27 + recovery id. Precondition: is_private_key.
Signature sign_recoverable(const PrivateKey& key, const Digest& digest);

/// The rules of identity.md 3.2: v 27..30, 0 < r < n, 0 < s <= n/2, x below p, not infinity.
/// Never aborts, for any 65 bytes. Thread-safe.
std::optional<PublicKey> recover(const Signature& signature, const Digest& digest);

}  // namespace kronborg::crypto

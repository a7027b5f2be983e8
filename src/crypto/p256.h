#pragma once

#include <array>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace kronborg::crypto {

using P256PublicKey = std::array<std::uint8_t, 65>;  ///< uncompressed

/// A private scalar of NIST P-256, drawn until it is one.
base::Secret<32> new_p256_key(base::Random& random);
/// Errors: not_a_key outside 1..n-1, internal_error when memory is not to be had.
base::Result<P256PublicKey> p256_public_key(const base::Secret<32>& key);

}  // namespace kronborg::crypto

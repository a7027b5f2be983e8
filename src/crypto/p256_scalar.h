#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace kronborg::crypto {

/// The inverse of a number in 1..n-1 modulo n, the order of NIST P-256; big-endian. Its time
/// depends on the number: for what is public alone. Precondition: the number is in that range.
std::array<std::uint8_t, 32> p256_inverse(std::span<const std::uint8_t, 32> number);

}  // namespace kronborg::crypto

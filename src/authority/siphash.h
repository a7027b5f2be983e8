#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace kronborg::authority {

using SipKey = std::array<std::uint64_t, 2>;

struct SipDigest {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const SipDigest&) const = default;
};

/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein): a keyed function for tables whose
/// entries strangers choose. Not a cryptographic hash for anything that leaves the process.
SipDigest siphash128(const SipKey& key, base::BytesView bytes);

}  // namespace kronborg::authority

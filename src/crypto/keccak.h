#pragma once

#include <array>
#include <initializer_list>

#include "base/bytes.h"

namespace kronborg::crypto {

using Digest = std::array<std::uint8_t, 32>;

/// Keccak-256 with the original padding byte 01 (not SHA3-256), over the parts joined.
Digest keccak256(std::initializer_list<base::BytesView> parts);
inline Digest keccak256(base::BytesView bytes) { return keccak256({bytes}); }

}  // namespace kronborg::crypto

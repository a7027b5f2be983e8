#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "crypto/x25519.h"
#include "identity/address.h"

namespace kronborg::pairing {

// A connector commits to its key before the host draws a nonce (docs/protocol/pairing.md
// section 3).

/// The 32 random bytes behind a commitment, new for each attempt.
using Reveal = std::array<std::uint8_t, 32>;
using Commitment = std::array<std::uint8_t, 32>;

Commitment commitment_of(const Reveal& reveal, const identity::Address& connector,
                         const crypto::X25519PublicKey& enc_pub);

/// Either of them as it travels: strict base64url of 32 bytes.
std::optional<std::array<std::uint8_t, 32>> read_32_bytes(std::string_view text);

}  // namespace kronborg::pairing

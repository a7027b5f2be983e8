#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/secret.h"

namespace kronborg::crypto {

inline constexpr std::size_t chacha20_poly1305_tag_bytes = 16;
using ChaChaNonce = std::array<std::uint8_t, 12>;

/// RFC 8439 section 2.8: ciphertext followed by the tag. A nonce is used once per key.
base::Bytes chacha20_poly1305_seal(const base::Secret<32>& key, const ChaChaNonce& nonce,
                                   base::BytesView associated, base::BytesView plain);
/// Nothing when the tag does not fit.
std::optional<base::SecretText> chacha20_poly1305_open(const base::Secret<32>& key,
                                                       const ChaChaNonce& nonce,
                                                       base::BytesView associated,
                                                       base::BytesView sealed);

}  // namespace kronborg::crypto

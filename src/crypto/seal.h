#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace kronborg::crypto {

struct Argon2Cost {
  std::uint64_t opslimit = 4;
  std::uint64_t memlimit = 268'435'456;  ///< bytes
};

/// Argon2id v1.3, one lane, 32 bytes out. Error: internal_error when memory is not to be had.
base::Result<base::Secret<32>> argon2id(base::BytesView password,
                                        std::span<const std::uint8_t, 16> salt, Argon2Cost cost);

/// XChaCha20-Poly1305 (IETF): ciphertext followed by the tag.
base::Bytes aead_seal(const base::Secret<32>& key, std::span<const std::uint8_t, 24> nonce,
                      base::BytesView associated, base::BytesView plain);
/// nothing when the tag does not fit. The caller wipes what it gets.
std::optional<base::Bytes> aead_open(const base::Secret<32>& key,
                                     std::span<const std::uint8_t, 24> nonce,
                                     base::BytesView associated, base::BytesView sealed);

}  // namespace kronborg::crypto

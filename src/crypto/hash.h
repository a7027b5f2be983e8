#pragma once

#include <array>
#include <initializer_list>

#include "base/bytes.h"
#include "base/secret.h"

namespace kronborg::crypto {

std::array<std::uint8_t, 32> sha256(base::BytesView bytes);

/// HMAC-SHA512 over the parts joined; the result is secret when the key is.
base::Secret<64> hmac_sha512(base::BytesView key, std::initializer_list<base::BytesView> parts);
std::array<std::uint8_t, 32> hmac_sha256(base::BytesView key, base::BytesView message);

}  // namespace kronborg::crypto

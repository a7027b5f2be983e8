#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace kronborg::base {

// Encodings of identity.md section 1. Strict readers accept exactly one spelling of each value.

std::string hex(BytesView bytes);                        ///< lower case, no prefix
std::optional<Bytes> hex_strict(std::string_view text);  ///< exactly that, even length
/// Writes into `out`, which must have half the length of `text`; false when not strict hex.
bool hex_strict_into(std::string_view text, std::span<std::uint8_t> out);
std::optional<Bytes> hex_relaxed(std::string_view text);  ///< either case, one optional leading 0x

std::string base64url(BytesView bytes);  ///< RFC 4648 section 5, no padding
/// Alphabet only, length not 1 mod 4, unused trailing bits zero.
std::optional<Bytes> base64url_strict(std::string_view text);
/// The same into `out` (at least text.size() * 3 / 4 bytes); the number of bytes written.
std::optional<std::size_t> base64url_strict_into(std::string_view text,
                                                 std::span<std::uint8_t> out);

std::string base64(BytesView bytes);  ///< RFC 4648 section 4, with padding

/// RFC 3986 percent-encoding of everything but unreserved characters.
std::string percent_encode(std::string_view text);
/// nothing when an escape is not % and two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace kronborg::base

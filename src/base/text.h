#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kronborg::base {

bool is_utf8(std::string_view text);
/// Unicode scalar values in valid UTF-8.
std::size_t scalar_count(std::string_view utf8);
/// The first `count` scalar values of valid UTF-8.
std::string_view first_scalars(std::string_view utf8, std::size_t count);
/// Decodes the scalar value at `position` of valid UTF-8 and moves `position` behind it.
char32_t next_scalar(std::string_view utf8, std::size_t& position);
void append_scalar(std::string& text, char32_t scalar);

/// White space of identity.md section 1.
bool is_white_space(char32_t scalar);
/// C0, DEL, C1, and the bidirectional controls U+202A-202E and U+2066-2069.
bool is_control_or_bidi(char32_t scalar);

/// A-Z into a-z, nothing else (identity.md section 1, "lower").
std::string lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// For logs, tables and errors: control and bidirectional characters as \u{…}, bytes that are not
/// UTF-8 as \x{…}; after `max` characters the rest is shown as one `…`.
std::string printable(std::string_view utf8, std::size_t max = 200);

/// The name in `known` that is nearest to `word`, when its edit distance is at most `distance`.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known,
                                        std::size_t distance = 2);

}  // namespace kronborg::base

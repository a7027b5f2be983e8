#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace kronborg::base {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

/// Length of the well-formed sequence at `position` (Unicode table 3-7), or 0.
std::size_t sequence_length(std::string_view text, std::size_t position) {
  const std::uint8_t lead = byte_at(text, position);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() - position < length) return 0;
  // The second byte rules out overlong forms, surrogates and values above U+10FFFF.
  const std::uint8_t second = byte_at(text, position + 1);
  const std::uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, position + i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::size_t scalar_count(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0U) != 0x80U; }));
}

std::string_view first_scalars(std::string_view utf8, std::size_t count) {
  std::size_t position = 0;
  while (count > 0 && position < utf8.size()) {
    next_scalar(utf8, position);
    --count;
  }
  return utf8.substr(0, position);
}

char32_t next_scalar(std::string_view utf8, std::size_t& position) {
  const std::uint8_t lead = byte_at(utf8, position++);
  if (lead < 0x80) return lead;
  const std::size_t more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t scalar = lead & (0x3FU >> more);
  for (std::size_t i = 0; i < more && position < utf8.size(); ++i) {
    scalar = scalar << 6U | (byte_at(utf8, position++) & 0x3FU);
  }
  return scalar;
}

void append_scalar(std::string& text, char32_t scalar) {
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(0x80U | (scalar >> shift & 0x3FU));
  };
  if (scalar < 0x80) {
    text += static_cast<char>(scalar);
  } else if (scalar < 0x800) {
    text += static_cast<char>(0xC0U | scalar >> 6U);
    tail(0);
  } else if (scalar < 0x10000) {
    text += static_cast<char>(0xE0U | scalar >> 12U);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | scalar >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_white_space(char32_t scalar) {
  constexpr std::array<char32_t, 9> single{0x20,   0x85,   0xA0,   0x1680, 0x2028,
                                           0x2029, 0x202F, 0x205F, 0x3000};
  return (scalar >= 0x09 && scalar <= 0x0D) || (scalar >= 0x2000 && scalar <= 0x200A) ||
         std::ranges::find(single, scalar) != single.end();
}

bool is_control_or_bidi(char32_t scalar) {
  return scalar < 0x20 || (scalar >= 0x7F && scalar <= 0x9F) ||
         (scalar >= 0x202A && scalar <= 0x202E) || (scalar >= 0x2066 && scalar <= 0x2069);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto low = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, low, low);
}

std::string printable(std::string_view utf8, std::size_t max) {
  std::string out;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < utf8.size(); ++shown) {
    if (shown == max) {
      out += "…";
      break;
    }
    const std::size_t length = sequence_length(utf8, i);
    if (length == 0) {
      out += fmt::format("\\x{{{:02x}}}", byte_at(utf8, i++));
      continue;
    }
    const std::string_view sequence = utf8.substr(i, length);
    const char32_t scalar = next_scalar(utf8, i);
    if (is_control_or_bidi(scalar)) {
      out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(scalar));
    } else {
      out += sequence;
    }
  }
  return out;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known,
                                        std::size_t distance) {
  std::optional<std::string_view> best;
  std::size_t best_distance = distance;
  for (const std::string_view candidate : known) {
    const std::size_t lengths_apart = word.size() > candidate.size()
                                          ? word.size() - candidate.size()
                                          : candidate.size() - word.size();
    if (lengths_apart > best_distance) continue;
    const std::size_t d = edit_distance(word, candidate);
    if (d > best_distance || (best && d == best_distance)) continue;
    best = candidate;
    best_distance = d;
  }
  return best;
}

}  // namespace kronborg::base

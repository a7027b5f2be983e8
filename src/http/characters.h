#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace kronborg::http {

enum CharacterClass : std::uint8_t {
  token_character = 1,  ///< RFC 9110 section 5.6.2, tchar
  host_character = 2,   ///< of a host name or an IPv4 address
  hex_character = 4,
  request_id_character = 8,  ///< docs/protocol/http.md section 8
};

namespace detail {
constexpr std::array<std::uint8_t, 256> character_classes() {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&table](std::string_view characters, int classes) {
    for (const char c : characters) {
      auto& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | classes);
    }
  };
  mark("0123456789", token_character | host_character | hex_character | request_id_character);
  mark("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       token_character | host_character | request_id_character);
  mark("ABCDEFabcdef", hex_character);
  mark("!#$%&'*+-.^_`|~", token_character);
  mark("-._~%", host_character);
  mark("-._", request_id_character);
  return table;
}
inline constexpr std::array<std::uint8_t, 256> class_table = character_classes();
}  // namespace detail

constexpr bool is(CharacterClass which, char c) {
  return (detail::class_table[static_cast<unsigned char>(c)] & which) != 0;
}

/// Every byte is of the class; false for an empty text.
constexpr bool all(CharacterClass which, std::string_view text) {
  if (text.empty()) return false;
  std::uint8_t common = 0xFF;
  for (const char c : text) common &= detail::class_table[static_cast<unsigned char>(c)];
  return (common & which) != 0;
}

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Every byte may stand in a field value: HTAB, SP, visible ASCII, 0x80-0xFF (RFC 9110 section 5.5;
/// all other controls are refused, not only CR, LF and NUL). No early exit, so that it vectorizes.
constexpr bool is_field_text(std::string_view text) {
  unsigned bad = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= static_cast<unsigned>((byte < 0x20) & (byte != '\t'));
    bad |= static_cast<unsigned>(byte == 0x7F);
  }
  return bad == 0;
}

/// Every byte is visible ASCII (0x21-0x7E).
constexpr bool is_visible(std::string_view text) {
  unsigned bad = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= static_cast<unsigned>(byte < 0x21) | static_cast<unsigned>(byte > 0x7E);
  }
  return bad == 0;
}

}  // namespace kronborg::http

#include "spaces/content.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace kronborg::spaces {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view prefix;  ///< of the data URL
  std::string_view bytes;   ///< the file begins with; '?' stands for any byte
};

constexpr auto signatures = std::to_array<Signature>({
    {"data:image/png;base64,", "\x89PNG\r\n\x1a\n"sv},
    {"data:image/jpeg;base64,", "\xff\xd8\xff"sv},
    {"data:image/gif;base64,", "GIF87a"sv},
    {"data:image/gif;base64,", "GIF89a"sv},
    {"data:image/webp;base64,", "RIFF????WEBP"sv},
});
constexpr std::size_t longest_signature = 12;

/// RFC 4648 section 4; 64 for what is not of the alphabet.
constexpr auto values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(64);
  std::uint8_t value = 0;
  for (const char c : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"sv) {
    table[static_cast<std::uint8_t>(c)] = value++;
  }
  return table;
}();

std::uint8_t value_of(char digit) { return values[static_cast<std::uint8_t>(digit)]; }

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  text.remove_suffix(padding);
  if (!std::ranges::all_of(text, [](char c) { return value_of(c) < 64; })) return false;
  const unsigned unused = padding == 2 ? 0x0FU : padding == 1 ? 0x03U : 0U;
  return (value_of(text.back()) & unused) == 0;
}

/// The first bytes of what is_base64() accepts, `count` of them at most.
std::array<char, longest_signature> first_bytes(std::string_view base64, std::size_t& count) {
  std::array<char, longest_signature> bytes{};
  std::uint32_t bits = 0;
  unsigned held = 0;
  count = 0;
  for (const char digit : base64) {
    if (digit == '=' || count == bytes.size()) break;
    bits = bits << 6U | value_of(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[count++] = static_cast<char>(bits >> held & 0xFFU);
  }
  return bytes;
}

bool begins_with(std::string_view bytes, std::string_view signature) {
  return bytes.size() >= signature.size() &&
         std::ranges::equal(
             signature, bytes.substr(0, signature.size()),
             [](char wanted, char found) { return wanted == '?' || wanted == found; });
}

/// RFC 3986 has no other ones; browsers read `\` as `/` and skip white space.
bool is_plain(std::string_view url) {
  return url.size() <= max_link_characters && std::ranges::all_of(url, [](char c) {
           return c > 0x20 && c < 0x7F && "\"<>\\^`{|}"sv.find(c) == std::string_view::npos;
         });
}

bool has_scheme(std::string_view url, std::string_view scheme) {
  return base::equal_ignoring_case(url.substr(0, scheme.size()), scheme);
}

}  // namespace

bool is_image_data_url(std::string_view text) {
  for (const Signature& signature : signatures) {
    if (!text.starts_with(signature.prefix)) continue;
    const std::string_view base64 = text.substr(signature.prefix.size());
    std::size_t count = 0;
    const auto bytes = first_bytes(base64, count);
    if (begins_with({bytes.data(), count}, signature.bytes)) return is_base64(base64);
  }
  return false;
}

bool is_https_url(std::string_view text) {
  constexpr std::string_view scheme = "https://";
  if (!is_plain(text) || !has_scheme(text, scheme)) return false;
  const std::string_view rest = text.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::string_view host = authority.substr(0, authority.rfind(':'));
  return !host.empty() && authority.find('@') == std::string_view::npos;
}

bool is_mailto_url(std::string_view text) {
  constexpr std::string_view scheme = "mailto:";
  return is_plain(text) && has_scheme(text, scheme) && text.size() > scheme.size();
}

std::optional<std::string_view> image_fault(std::string_view content) {
  if (is_image_data_url(content) || is_https_url(content)) return std::nullopt;
  if (content.starts_with("data:")) {
    return "The data URL must be base64 of a PNG, JPEG, GIF or WebP, and of the type it names.";
  }
  return "It must be an image data URL, or an https URL of at most 2048 characters without user "
         "info.";
}

}  // namespace kronborg::spaces

#include "base/encoding.h"

#include <array>

namespace kronborg::base {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view standard_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Value of each digit; 0xFF for bytes that are none.
using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(0xFF);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr Values strict_hex_values = values_of(hex_digits);
constexpr Values relaxed_hex_values = [] {
  Values values = values_of(hex_digits);
  for (std::size_t i = 0; i < 6; ++i) values['A' + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}();
constexpr Values url_values = values_of(url_alphabet);

std::uint8_t value_of(const Values& values, char digit) {
  return values[static_cast<std::uint8_t>(digit)];
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out, const Values& values) {
  if (text.size() % 2 != 0 || out.size() != text.size() / 2) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint8_t high = value_of(values, text[2 * i]);
    const std::uint8_t low = value_of(values, text[2 * i + 1]);
    if ((high | low) > 0x0F) return false;
    out[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return true;
}

std::optional<Bytes> hex_bytes(std::string_view text, const Values& values) {
  Bytes bytes(text.size() / 2);
  if (!read_hex(text, bytes, values)) return std::nullopt;
  return bytes;
}

std::string write_base64(BytesView bytes, std::string_view alphabet, bool padded) {
  const std::size_t tail = bytes.size() % 3;
  std::string text(bytes.size() / 3 * 4 + (tail == 0 ? 0 : tail + 1), '\0');
  const std::uint8_t* in = bytes.data();
  char* out = text.data();
  for (const std::uint8_t* const end = in + (bytes.size() - tail); in != end; in += 3, out += 4) {
    const std::uint32_t bits = static_cast<std::uint32_t>(in[0] << 16 | in[1] << 8 | in[2]);
    out[0] = alphabet[bits >> 18U];
    out[1] = alphabet[bits >> 12U & 0x3FU];
    out[2] = alphabet[bits >> 6U & 0x3FU];
    out[3] = alphabet[bits & 0x3FU];
  }
  if (tail > 0) {
    const std::uint32_t bits =
        static_cast<std::uint32_t>(in[0] << 16 | (tail == 2 ? in[1] << 8 : 0));
    out[0] = alphabet[bits >> 18U];
    out[1] = alphabet[bits >> 12U & 0x3FU];
    if (tail == 2) out[2] = alphabet[bits >> 6U & 0x3FU];
  }
  while (padded && text.size() % 4 != 0) text += '=';
  return text;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string hex(BytesView bytes) {
  std::string text(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text[2 * i] = hex_digits[bytes[i] >> 4U];
    text[2 * i + 1] = hex_digits[bytes[i] & 0x0FU];
  }
  return text;
}

std::optional<Bytes> hex_strict(std::string_view text) {
  return hex_bytes(text, strict_hex_values);
}

bool hex_strict_into(std::string_view text, std::span<std::uint8_t> out) {
  return read_hex(text, out, strict_hex_values);
}

std::optional<Bytes> hex_relaxed(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  return hex_bytes(text, relaxed_hex_values);
}

std::string base64url(BytesView bytes) { return write_base64(bytes, url_alphabet, false); }

std::string base64(BytesView bytes) { return write_base64(bytes, standard_alphabet, true); }

std::optional<Bytes> base64url_strict(std::string_view text) {
  Bytes bytes(text.size() / 4 * 3 + 3);
  const auto size = base64url_strict_into(text, bytes);
  if (!size) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

std::optional<std::size_t> base64url_strict_into(std::string_view text,
                                                 std::span<std::uint8_t> out) {
  const std::size_t tail = text.size() % 4;
  const std::size_t size = text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1);
  if (tail == 1 || out.size() < size) return std::nullopt;
  const char* in = text.data();
  std::uint8_t* to = out.data();
  for (const char* end = in + (text.size() - tail); in != end; in += 4, to += 3) {
    const std::uint8_t a = value_of(url_values, in[0]);
    const std::uint8_t b = value_of(url_values, in[1]);
    const std::uint8_t c = value_of(url_values, in[2]);
    const std::uint8_t d = value_of(url_values, in[3]);
    if ((a | b | c | d) > 0x3F) return std::nullopt;
    to[0] = static_cast<std::uint8_t>(a << 2U | b >> 4U);
    to[1] = static_cast<std::uint8_t>(b << 4U | c >> 2U);
    to[2] = static_cast<std::uint8_t>(c << 6U | d);
  }
  if (tail == 0) return size;
  const std::uint8_t a = value_of(url_values, in[0]);
  const std::uint8_t b = value_of(url_values, in[1]);
  const std::uint8_t c = tail == 3 ? value_of(url_values, in[2]) : std::uint8_t{0};
  if ((a | b | c) > 0x3F) return std::nullopt;
  const unsigned unused = tail == 3 ? c & 0x03U : b & 0x0FU;
  if (unused != 0) return std::nullopt;
  to[0] = static_cast<std::uint8_t>(a << 2U | b >> 4U);
  if (tail == 3) to[1] = static_cast<std::uint8_t>(b << 4U | c >> 2U);
  return size;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view upper = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out += '%';
    out += upper[byte >> 4U];
    out += upper[byte & 0x0FU];
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    std::uint8_t byte = 0;
    if (!read_hex(text.substr(i + 1, 2), {&byte, 1}, relaxed_hex_values)) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace kronborg::base

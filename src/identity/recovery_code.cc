#include "identity/recovery_code.h"

#include <array>

#include "base/text.h"

namespace kronborg::identity {
namespace {

constexpr std::string_view word = "OSAURUS";
constexpr std::size_t digits_total = 16;

bool is_upper_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

}  // namespace

base::SecretText new_recovery_code(base::Random& random) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  base::Secret<8> bytes;
  random.fill(bytes.fill());
  std::array<char, word.size() + digits_total + 4> code{};
  std::size_t size = word.copy(code.data(), word.size());
  for (std::size_t i = 0; i < digits_total; ++i) {
    if (i % 4 == 0) code[size++] = '-';
    const std::uint8_t byte = bytes.reveal()[i / 2];
    code[size++] = hex[i % 2 == 0 ? byte >> 4U : byte & 0x0FU];
  }
  base::SecretText text(std::string_view(code.data(), size));
  base::wipe(code.data(), code.size());
  return text;
}

base::Result<base::SecretText> password_of_code(std::string_view text) {
  if (!base::is_utf8(text)) return base::Code::recovery_code_format;
  // What is kept is at most the word and the digits; anything longer is no code.
  std::array<char, word.size() + digits_total> kept{};
  std::size_t size = 0;
  bool fits = true;
  for (std::size_t i = 0; i < text.size() && fits;) {
    const char32_t scalar = base::next_scalar(text, i);
    if (base::is_white_space(scalar) || scalar == '-' || scalar == '_' || scalar == '.') continue;
    fits = scalar < 0x80 && size < kept.size();
    if (!fits) break;
    const char c = static_cast<char>(scalar);
    kept[size++] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  std::string_view digits(kept.data(), size);
  if (digits.starts_with(word)) digits.remove_prefix(word.size());
  fits = fits && digits.size() == digits_total;
  for (const char c : digits) fits = fits && is_upper_hex(c);
  base::SecretText password = fits ? base::SecretText(digits) : base::SecretText();
  base::wipe(kept.data(), kept.size());
  if (!fits) return base::Code::recovery_code_format;
  return password;
}

}  // namespace kronborg::identity

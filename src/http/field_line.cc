#include "http/field_line.h"

#include "http/characters.h"

namespace kronborg::http {

base::Result<std::optional<Line>> next_line(std::string_view data) {
  const auto lf = data.find('\n');
  if (lf == std::string_view::npos) return std::optional<Line>{};
  if (lf == 0 || data[lf - 1] != '\r') return base::Code::malformed_request;
  return std::optional<Line>(Line{data.substr(0, lf - 1), lf + 1});
}

std::string_view trim_white_space(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<Field> parse_field_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto name = line.substr(0, colon);
  const auto value = trim_white_space(line.substr(colon + 1));
  if (!all(token_character, name) || !is_field_text(value)) return std::nullopt;
  return Field{name, value};
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  constexpr std::size_t max_digits = 18;  // below 2^63, so that no sum with it overflows
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (folded != lower[i]) return false;
  }
  return true;
}

}  // namespace kronborg::http

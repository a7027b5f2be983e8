#include "api/media.h"

#include "base/text.h"

namespace kronborg::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// The type is one of those, and its charset, if it names one, is utf-8.
bool is_utf8_of(std::string_view content_type, std::string_view wanted) {
  const auto semicolon = content_type.find(';');
  if (!base::equal_ignoring_case(trimmed(content_type.substr(0, semicolon)), wanted)) return false;
  while (!content_type.empty() && content_type.find(';') != std::string_view::npos) {
    content_type.remove_prefix(content_type.find(';') + 1);
    const std::string_view parameter = trimmed(content_type.substr(0, content_type.find(';')));
    const auto equals = parameter.find('=');
    if (!base::equal_ignoring_case(parameter.substr(0, equals), "charset")) continue;
    std::string_view charset = equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
      charset = charset.substr(1, charset.size() - 2);
    }
    if (!base::equal_ignoring_case(charset, "utf-8")) return false;
  }
  return true;
}

}  // namespace

bool is_json(std::string_view content_type) { return is_utf8_of(content_type, "application/json"); }

bool is_plain_text(std::string_view content_type) {
  return is_utf8_of(content_type, "text/markdown") || is_utf8_of(content_type, "text/plain");
}

bool wants_strict(std::string_view prefer) {
  while (!prefer.empty()) {
    const auto comma = prefer.find(',');
    if (base::equal_ignoring_case(trimmed(prefer.substr(0, comma)), "handling=strict")) return true;
    prefer = comma == std::string_view::npos ? std::string_view{} : prefer.substr(comma + 1);
  }
  return false;
}

}  // namespace kronborg::api

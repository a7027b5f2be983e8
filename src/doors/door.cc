#include "doors/door.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/text.h"

namespace kronborg::doors {
namespace {

constexpr std::size_t key_digits = 64;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::string_view DoorRequest::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

bool is_json_type(std::string_view content_type) {
  const auto semicolon = content_type.find(';');
  if (!base::equal_ignoring_case(trimmed(content_type.substr(0, semicolon)), "application/json"))
    return false;
  while (content_type.find(';') != std::string_view::npos) {
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

bool has_key_form(std::string_view text) {
  return text.size() == key_digits && std::ranges::all_of(text, is_hex);
}

bool same_key(const api::SharedSecret& a, const api::SharedSecret& b) {
  if (a == nullptr || b == nullptr) return a == b;
  std::string left = base::lower(a->reveal());
  std::string right = base::lower(b->reveal());
  const bool same = base::equal_in_constant_time(base::bytes_of(left), base::bytes_of(right));
  base::wipe(left.data(), left.size());
  base::wipe(right.data(), right.size());
  return same;
}

}  // namespace kronborg::doors

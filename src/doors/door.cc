#include "doors/door.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/text.h"

namespace kronborg::doors {
namespace {

constexpr std::size_t key_digits = 64;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::string_view DoorRequest::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
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

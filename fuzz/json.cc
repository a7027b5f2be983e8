// folders: base
#include "base/json.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// The library reads fractions to within one unit of the last place only.
bool holds_fraction(const kronborg::base::json::value& value) {
  if (value.is_double()) return true;
  if (value.is_array()) {
    for (const auto& item : value.as_array()) {
      if (holds_fraction(item)) return true;
    }
  }
  if (value.is_object()) {
    for (const auto& member : value.as_object()) {
      if (holds_fraction(member.value())) return true;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kronborg::base;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = parse_json(text);
  if (!value) {
    require(value.error().code == Code::invalid_json ||
            value.error().code == Code::duplicate_member);
    return 0;
  }
  require(is_utf8(text));
  // What is written is read again as the same value.
  const auto plain = parse_json(to_text(*value));
  require(plain.has_value());
  if (holds_fraction(*value)) return 0;
  require(*plain == *value);
  const std::string canonical = canonical_json(*value);
  const auto again = parse_json(canonical);
  require(again && canonical_json(*again) == canonical);
  return 0;
}

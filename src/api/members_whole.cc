#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include "api/members.h"
#include "base/random.h"
#include "base/text.h"

// The members of spaces: texts that may be empty and are kept as they are, lists and nested
// objects.

namespace kronborg::api {
namespace {

namespace json = boost::json;

/// http.md section 5: what neither a line nor a text may hold.
bool is_refused(char32_t scalar, bool lines) {
  if (lines && (scalar == '\t' || scalar == '\n' || scalar == '\r')) return false;
  if (!lines && (scalar == 0x2028 || scalar == 0x2029 || scalar == 0xFEFF)) return true;
  return lines ? scalar < 0x20 || (scalar >= 0x7F && scalar <= 0x9F)
               : base::is_control_or_bidi(scalar);
}

}  // namespace

std::optional<std::string> Members::checked_whole(std::string_view name, std::size_t most,
                                                  Need need, bool lines) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  const std::string_view whole(*value);
  for (std::size_t at = 0; at < whole.size();) {
    if (!is_refused(base::next_scalar(whole, at), lines)) continue;
    fault(name, "bad_pattern", "Control characters are not allowed in it.");
    return std::nullopt;
  }
  if (const std::size_t count = base::scalar_count(whole); count > most) {
    fault(name, "too_long", fmt::format("It has {} characters; at most {}.", count, most));
    return std::nullopt;
  }
  return std::string(whole);
}

std::optional<std::string> Members::line_or_empty(std::string_view name, std::size_t most,
                                                  Need need) {
  auto line = checked_whole(name, most, need, false);
  if (!line) return line;
  const auto first = line->find_first_not_of(' ');
  if (first == std::string::npos) return std::string();
  return line->substr(first, line->find_last_not_of(' ') - first + 1);
}

std::optional<std::string> Members::text_or_empty(std::string_view name, std::size_t most,
                                                  Need need) {
  return checked_whole(name, most, need, true);
}

std::optional<std::string> Members::content(std::string_view name, std::size_t most_bytes,
                                            Need need) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  if (value->size() > most_bytes) {
    fault(name, "too_long", fmt::format("It has {} bytes; at most {}.", value->size(), most_bytes));
    return std::nullopt;
  }
  return checked_whole(name, most_bytes, need, true);
}

std::optional<std::vector<std::string>> Members::uuids(std::string_view name, std::size_t most) {
  const auto items = array(name, most);
  if (!items) return std::nullopt;
  std::vector<std::string> ids;
  for (const json::value& item : *items) {
    const json::string* text = item.if_string();
    if (text == nullptr || !base::is_uuid(*text)) {
      fault(name, text == nullptr ? "wrong_type" : "bad_pattern", "Its items must be UUIDs.");
      return std::nullopt;
    }
    std::string id = base::lower(*text);
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  }
  return ids;
}

std::optional<json::object> Members::object(std::string_view name) {
  const json::value* value = find(name, Need::optional);
  if (value == nullptr) return std::nullopt;
  if (value->is_object()) return value->get_object();
  fault(name, "wrong_type", "It must be an object.");
  return std::nullopt;
}

std::optional<json::array> Members::array(std::string_view name, std::size_t most) {
  const json::value* value = find(name, Need::optional);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) {
    fault(name, "wrong_type", "It must be an array.");
  } else if (value->get_array().size() > most) {
    fault(name, "too_long", fmt::format("It may have at most {} items.", most));
  } else {
    return value->get_array();
  }
  return std::nullopt;
}

std::optional<std::string> Members::flag_or(std::string_view name, std::string_view word) {
  const json::value* value = find(name, Need::optional);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool() ? "true" : "false";
  if (value->is_string() && value->get_string() == word) return std::string(word);
  fault(name, "not_allowed", fmt::format("It must be true, false or \"{}\".", word));
  return std::nullopt;
}

bool Members::is_null(std::string_view name) {
  const json::value* value = object_.if_contains(name);
  if (value == nullptr || !value->is_null()) return false;
  known_.push_back(name);
  return true;
}

}  // namespace kronborg::api

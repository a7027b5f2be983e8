#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace kronborg::doors {

// Reading of what the REST surface answered: it is our own, so a member that is not there or of
// another type is empty rather than an error.

/// Lists of our own answers are longer than what outsiders may send.
inline constexpr base::JsonLimits own_limits{.depth = 32, .members = 4096, .items = 4096};

inline std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

inline std::int64_t number_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace kronborg::doors

#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kronborg::base {

namespace json = boost::json;

inline constexpr std::size_t max_json_depth = 32;     // http.md section 3
inline constexpr std::size_t max_json_members = 256;  // per object
inline constexpr std::size_t max_json_items = 1024;   // per array

/// Bounds for what outsiders send; files of our own may be allowed more members and items.
struct JsonLimits {
  std::size_t depth = max_json_depth;
  std::size_t members = max_json_members;
  std::size_t items = max_json_items;
};

/// One JSON value in UTF-8 under these limits. Errors: invalid_json (with `offset`),
/// duplicate_member (with the pointer of the member).
Result<json::value> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Canonical JSON (identity.md section 1): members sorted by bytes at every depth, no white space,
/// `/` escaped, unset (null) members left out by the caller.
std::string canonical_json(const json::value& value);

/// Plain compact JSON, members in the order in which they were set.
std::string to_text(const json::value& value);

}  // namespace kronborg::base

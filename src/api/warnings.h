#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <vector>

namespace kronborg::api {

/// One entry of `warnings` (docs/protocol/http.md section 6, spaces.md section 13).
struct Warning {
  std::string code;          ///< unknown_member, body_ignored, name_changed, unconditional_write, …
  std::string pointer = {};  ///< RFC 6901, or `?name`; empty: the request as a whole
  std::string message = {};  ///< for people
  std::string did_you_mean = {};  ///< pointer; empty: none
};

inline constexpr std::size_t max_warnings = 20;

/// At most max_warnings of them.
boost::json::array render(const std::vector<Warning>& warnings);

}  // namespace kronborg::api

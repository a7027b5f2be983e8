#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <span>
#include <string_view>

namespace kronborg::doors {

/// An argument that becomes a parameter of the query.
struct QueryArgument {
  enum class Kind : std::uint8_t { text, integer };
  std::string_view name;
  Kind kind = Kind::text;
};

/// One row of docs/protocol/discovery.md section 8: what a tool stands for.
struct Tool {
  std::string_view name;
  std::string_view method = {};  ///< empty: the door answers it from the manual
  /// Of the REST operation; `{spaceId}` stands for the argument of that name, an id.
  std::string_view path = {};
  std::span<const QueryArgument> query = {};
  std::string_view revisions = {};  ///< an optional integer argument: adds /revisions/<it>
  bool keyed = true;
  bool has_body = false;    ///< all arguments that stand nowhere else are members of the body
  bool repeatable = false;  ///< takes idempotencyKey
  bool takes_join_token = false;
  bool takes_user_token = false;
  bool shows_others = false;  ///< its result holds text of other participants
};

/// All 20, in the order of the table.
std::span<const Tool> tools();
const Tool* find_tool(std::string_view name);

/// `tools` of tools/list, as in mcp_tools.json.
boost::json::array tool_list();

}  // namespace kronborg::doors

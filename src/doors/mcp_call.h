#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <vector>

#include "api/router.h"
#include "api/warnings.h"
#include "base/result.h"
#include "doors/door.h"
#include "doors/mcp_tool.h"

namespace kronborg::doors {

/// One tools/call as the REST request that it stands for (docs/protocol/discovery.md section 8).
struct ToolCall {
  api::Request request;                ///< without a space key
  api::SharedSecret argument_key;      ///< the argument privateKey
  std::vector<api::Warning> warnings;  ///< arguments that nobody defines
};

/// The request has a key for a keyed tool, in the header or among the arguments.
bool has_key(const boost::json::object& arguments, const DoorRequest& door);

/// Errors: invalid_member and missing_member with pointers into the arguments; unknown_member when
/// handling=strict was asked for.
base::Result<ToolCall> read_tool_call(const Tool& tool, boost::json::object arguments,
                                      const DoorRequest& door);

/// The credential rule: puts the key that speaks into `call.request`. Error: credential_conflict.
base::Result<void> choose_key(const Tool& tool, const DoorRequest& door,
                              const std::function<bool(const api::Request&)>& would_admit,
                              ToolCall& call);

/// `Prefer` asks for handling=strict.
bool wants_strict(const DoorRequest& door);

}  // namespace kronborg::doors

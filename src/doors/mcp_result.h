#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "api/warnings.h"
#include "base/error.h"
#include "doors/mcp_tool.h"
#include "http/message.h"

namespace kronborg::doors {

/// The result of a tool for what the REST operation answered: docs/protocol/discovery.md section 8,
/// "Success", "Text of others", "Refusal". Pointers of errors and warnings are turned into pointers
/// into the arguments; `warnings` are added to those of the body.
boost::json::object tool_result(const Tool& tool, const http::Answer& answer,
                                const std::vector<api::Warning>& warnings);
/// The same for a body that the door made itself.
boost::json::object tool_success(const Tool& tool, boost::json::object body);
boost::json::object tool_refusal(const base::Error& error, std::string_view request_id);

}  // namespace kronborg::doors

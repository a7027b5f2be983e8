#pragma once

#include <boost/json/object.hpp>

#include "api/router.h"

namespace kronborg::api {

/// The A2A agent card (docs/protocol/discovery.md section 10.1): one object that is valid under
/// protocol 0.3 and 1.0.
boost::json::object agent_card(const Settings& settings);

/// `/.well-known/mcp` and its like (section 9).
boost::json::object mcp_discovery(const Settings& settings);
/// The MCP server card, without the tool list.
boost::json::object mcp_server_card(const Settings& settings);
/// The same with `tools`, as tools/list gives them.
boost::json::object mcp_server_card_with_tools(const Settings& settings);

/// `/.well-known/ai-catalog.json`: where the two cards are.
boost::json::object ai_catalog(const Settings& settings);

}  // namespace kronborg::api

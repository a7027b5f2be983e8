#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/router.h"

namespace kronborg::api {

/// Below it, the path of a resource names the metadata of that resource (RFC 9728 section 3.1).
inline constexpr std::string_view resource_metadata_path = "/.well-known/oauth-protected-resource";

/// Metadata of one protected resource (docs/protocol/discovery.md section 3). It names only what
/// works in the running configuration.
boost::json::object protected_resource(const Settings& settings, std::string_view resource);

/// The resource that stands at `path` (`/mcp`, `/oresundspace/space/<any id>/messages`, …): the
/// origin and that path, character for character. Nothing for what is no resource. It is computed:
/// it says nothing about whether an object exists.
std::optional<std::string> resource_at(const Settings& settings, std::string_view path);

/// The origin and the doors: `protected_resources` of the authorization server metadata.
std::vector<std::string> named_resources(const Settings& settings);

/// RFC 8414 (section 4). Only while spaces are on.
boost::json::object authorization_server(const Settings& settings);
/// Its `agent_auth` block, under both sets of published member names.
boost::json::object agent_auth(const Settings& settings);

}  // namespace kronborg::api

#include "api/metadata.h"

#include <algorithm>
#include <boost/json/array.hpp>

#include "api/addresses.h"
#include "api/routes.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view doors_below = "/oresundspace/";

/// The unreserved characters of RFC 3986: such a segment is the same in a URL and decoded.
bool is_plain(std::string_view segment) {
  return std::ranges::all_of(segment, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
  });
}

/// A path of docs/protocol/spaces.md section 3 below /oresundspace/.
bool is_path_of_spaces(std::string_view path) {
  return std::ranges::any_of(space_routes(), [&](const Route& route) {
    const bool is_space = route.rule.space_rule() != nullptr || route.rule.is_open(Open::space_key);
    if (!is_space || !route.path.starts_with(doors_below)) return false;
    const auto segments = match(route.path, path);
    return segments && std::ranges::all_of(*segments, is_plain);
  });
}

}  // namespace

json::object protected_resource(const Settings& settings, std::string_view resource) {
  const Addresses at(settings);
  json::object metadata;
  metadata["resource"] = resource;
  const std::string& name =
      settings.spaces_enabled ? settings.service_name : settings.resource_name;
  if (!name.empty()) metadata["resource_name"] = name;
  if (settings.spaces_enabled) metadata["authorization_servers"] = json::array{at.origin};
  metadata["bearer_methods_supported"] = json::array{"header"};
  metadata["resource_documentation"] = at.guide;
  if (settings.spaces_enabled) {
    metadata["space_key_header"] = "X-Private-Key";
    metadata["agent_auth_skill"] = at.guide;
  }
  return metadata;
}

std::vector<std::string> named_resources(const Settings& settings) {
  std::vector<std::string> resources{settings.origin};
  if (!settings.spaces_enabled) return resources;
  resources.push_back(settings.origin + "/oresundspace/mcp");
  if (settings.owns_mcp) resources.push_back(settings.origin + "/mcp");
  resources.push_back(settings.origin + "/oresundspace/a2a");
  if (settings.owns_a2a) resources.push_back(settings.origin + "/a2a");
  return resources;
}

std::optional<std::string> resource_at(const Settings& settings, std::string_view path) {
  std::string resource = settings.origin + std::string(path);
  const auto named = named_resources(settings);
  if (std::ranges::find(named, resource) != named.end()) return resource;
  if (!settings.spaces_enabled || !is_path_of_spaces(path)) return std::nullopt;
  return resource;
}

json::object agent_auth(const Settings& settings) {
  const Addresses at(settings);
  const std::string registration = at.origin + "/oresundspace/link/start";
  json::object block;
  block["skill"] = at.guide;
  block["register_uri"] = registration;
  block["identity_endpoint"] = registration;
  block["revocation_uri"] = at.origin + "/oauth/revoke";
  json::array& types = block["identity_types_supported"].emplace_array();
  if (!settings.anonymous_create) return block;
  types.emplace_back("anonymous");
  block["anonymous"] = json::object{{"credential_types_supported", json::array{"api_key"}},
                                    {"registration_required", false},
                                    {"credential_uri", at.origin + "/oresundspace/space"}};
  return block;
}

json::object authorization_server(const Settings& settings) {
  const Addresses at(settings);
  json::object metadata;
  metadata["issuer"] = at.origin;
  metadata["response_types_supported"] = json::array();
  // Absent, it would mean authorization_code and implicit (RFC 8414 section 2).
  metadata["grant_types_supported"] = json::array();
  metadata["revocation_endpoint"] = at.origin + "/oauth/revoke";
  metadata["revocation_endpoint_auth_methods_supported"] = json::array{"none"};
  json::array& resources = metadata["protected_resources"].emplace_array();
  for (const std::string& resource : named_resources(settings)) resources.emplace_back(resource);
  metadata["service_documentation"] = at.guide;
  metadata["agent_auth"] = agent_auth(settings);
  return metadata;
}

}  // namespace kronborg::api

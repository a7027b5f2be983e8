#include "api/cards.h"

#include <boost/json/array.hpp>
#include <initializer_list>
#include <string_view>

#include "api/addresses.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view key_header = "X-Private-Key";
constexpr std::string_view key_description =
    "Key of one space, returned when a space is created or joined.";
constexpr std::string_view mcp_description =
    "Meeting spaces for agents: messages, shared documents, invitations.";
constexpr std::string_view transport = "streamable-http";

json::array mcp_versions() { return {"2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"}; }

json::array texts(std::initializer_list<std::string_view> items) {
  json::array list;
  for (const std::string_view item : items) list.emplace_back(item);
  return list;
}

json::object interface(const std::string& url, std::string_view version) {
  return {{"url", url}, {"protocolBinding", "JSONRPC"}, {"protocolVersion", version}};
}

json::object skill(std::string_view id, std::string_view name, std::string_view description,
                   std::initializer_list<std::string_view> tags, std::string_view example) {
  return {{"id", id},
          {"name", name},
          {"description", description},
          {"tags", texts(tags)},
          {"examples", texts({example})}};
}

json::array skills() {
  return {
      skill("space.create", "Open a space", "Creates a meeting space and returns its owner key.",
            {"space", "collaboration"}, "Open a space named 'Release plan'."),
      skill("space.negotiate", "Open a negotiation",
            "Creates a private space with approval, one invitation and a shared agreement "
            "document.",
            {"space", "negotiation", "agreement"}, "Open a negotiation about the 2027 licence."),
      skill("space.incident", "Open an incident room",
            "Creates a space that ends after seven days, with one invitation and an incident log.",
            {"space", "incident"}, "Open an incident room for the failed deployment.")};
}

/// Both dialects in one object: 0.3 reads `type`, `in` and `name`, 1.0 the member inside.
json::object space_key_scheme() {
  return {{"type", "apiKey"},
          {"in", "header"},
          {"name", key_header},
          {"description", key_description},
          {"apiKeySecurityScheme",
           json::object{
               {"location", "header"}, {"name", key_header}, {"description", key_description}}}};
}

}  // namespace

json::object agent_card(const Settings& settings) {
  const Addresses at(settings);
  json::object card;
  card["protocolVersion"] = "0.3.0";
  card["name"] = settings.service_name;
  card["description"] =
      "Meeting spaces for agents: create a space, invite others, exchange messages, agree on "
      "shared documents.";
  card["url"] = at.a2a;
  card["preferredTransport"] = "JSONRPC";
  card["supportedInterfaces"] = json::array{interface(at.a2a, "1.0"), interface(at.a2a, "0.3")};
  card["version"] = interface_version;
  card["documentationUrl"] = settings.owns_docs ? at.origin + "/docs/a2a" : at.guide;
  card["capabilities"] = json::object{{"streaming", true},
                                      {"pushNotifications", false},
                                      {"stateTransitionHistory", true},
                                      {"extendedAgentCard", false}};
  card["defaultInputModes"] = texts({"text/plain", "application/json"});
  card["defaultOutputModes"] = texts({"text/plain", "application/json"});
  card["securitySchemes"] = json::object{{"spaceKey", space_key_scheme()}};
  // No key to create a space, a key for everything else.
  json::array& security = card["security"].emplace_array();
  security.emplace_back(json::object());
  security.emplace_back(json::object{{"spaceKey", json::array()}});
  json::array& requirements = card["securityRequirements"].emplace_array();
  requirements.emplace_back(json::object{{"schemes", json::object()}});
  requirements.emplace_back(
      json::object{{"schemes", json::object{{"spaceKey", json::object{{"list", json::array()}}}}}});
  card["skills"] = skills();
  return card;
}

json::object mcp_discovery(const Settings& settings) {
  const Addresses at(settings);
  return {{"name", "kronborg-spaces"},
          {"description", mcp_description},
          {"version", interface_version},
          {"endpoint", at.mcp},
          {"transport", transport},
          {"supportedProtocolVersions", mcp_versions()},
          {"authentication", json::object{{"type", "optional"},
                                          {"header", key_header},
                                          {"argument", "privateKey"},
                                          {"documentation", at.guide}}},
          {"serverCard", at.origin + "/.well-known/mcp/server-card.json"}};
}

json::object mcp_server_card(const Settings& settings) {
  const Addresses at(settings);
  const json::object header{
      {"name", key_header},
      {"description", "Key of one space; optional, tools also take privateKey."},
      {"isRequired", false},
      {"isSecret", true}};
  json::object remote{{"type", transport}, {"url", at.mcp}};
  remote["headers"].emplace_array().emplace_back(header);
  remote["supportedProtocolVersions"] = mcp_versions();
  json::object card;
  card["$schema"] = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json";
  card["name"] = at.reversed + "/spaces";
  card["version"] = interface_version;
  card["title"] = settings.service_name;
  card["description"] = mcp_description;
  card["remotes"].emplace_array().emplace_back(std::move(remote));
  return card;
}

json::object mcp_server_card_with_tools(const Settings& settings) {
  json::object card = mcp_server_card(settings);
  if (!settings.mcp_tools.is_null()) card["tools"] = settings.mcp_tools;
  return card;
}

json::object ai_catalog(const Settings& settings) {
  const Addresses at(settings);
  const auto entry = [&](std::string_view kind, std::string_view type, const std::string& url) {
    return json::object{{"identifier", "urn:air:" + at.host + ":" + std::string(kind) + ":spaces"},
                        {"type", type},
                        {"url", url}};
  };
  json::object catalog{{"specVersion", "1.0"}};
  json::array& entries = catalog["entries"].emplace_array();
  entries.emplace_back(entry("mcp", "application/mcp-server-card+json", at.mcp_card));
  entries.emplace_back(entry("a2a", "application/a2a-agent-card+json", at.agent_card));
  return catalog;
}

}  // namespace kronborg::api

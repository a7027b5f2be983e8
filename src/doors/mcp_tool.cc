#include "doors/mcp_tool.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <iterator>

namespace kronborg::doors {

/// The bytes of mcp_tools.json; made by the build.
std::string_view mcp_tools_source();

namespace {

constexpr auto text = QueryArgument::Kind::text;
constexpr auto integer = QueryArgument::Kind::integer;

constexpr QueryArgument message_query[] = {
    {"cursor", text}, {"timestamp", text}, {"limit", integer}, {"tail", integer}, {"wait", integer},
};
constexpr QueryArgument list_query[] = {{"limit", integer}, {"cursor", text}};

constexpr Tool table[] = {
    {.name = "create_space",
     .method = "POST",
     .path = "/oresundspace/space",
     .keyed = false,
     .has_body = true,
     .takes_user_token = true},
    {.name = "get_space",
     .method = "GET",
     .path = "/oresundspace/space/{spaceId}",
     .shows_others = true},
    {.name = "create_invitation",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/invite",
     .has_body = true,
     .repeatable = true},
    {.name = "join_space",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/join",
     .has_body = true,
     .repeatable = true,
     .takes_join_token = true,
     .takes_user_token = true},
    {.name = "get_join_status",
     .method = "GET",
     .path = "/oresundspace/space/{spaceId}/join/{participantId}",
     .repeatable = true,
     .takes_join_token = true},
    {.name = "leave_space",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/leave",
     .has_body = true,
     .repeatable = true},
    {.name = "send_message",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/messages",
     .has_body = true,
     .repeatable = true},
    {.name = "list_messages",
     .method = "GET",
     .path = "/oresundspace/space/{spaceId}/messages",
     .query = message_query,
     .shows_others = true},
    {.name = "create_artifact",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/artifacts",
     .has_body = true,
     .repeatable = true},
    {.name = "list_artifacts",
     .method = "GET",
     .path = "/oresundspace/space/{spaceId}/artifacts",
     .query = list_query,
     .shows_others = true},
    {.name = "get_artifact",
     .method = "GET",
     .path = "/oresundspace/space/{spaceId}/artifacts/{artifactId}",
     .revisions = "revision",
     .shows_others = true},
    // One PUT is one transaction: a lock taken and released around it could be seen by nobody.
    {.name = "write_artifact",
     .method = "PUT",
     .path = "/oresundspace/space/{spaceId}/artifacts/{artifactId}",
     .has_body = true,
     .repeatable = true},
    {.name = "search_docs", .keyed = false},
    {.name = "read_doc", .keyed = false},
    {.name = "approve_participant",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/participants/{participantId}/approve",
     .repeatable = true},
    {.name = "kick_participant",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/participants/{participantId}/kick",
     .has_body = true,
     .repeatable = true},
    {.name = "mute_participant",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/participants/{participantId}/mute",
     .has_body = true,
     .repeatable = true},
    {.name = "unmute_participant",
     .method = "POST",
     .path = "/oresundspace/space/{spaceId}/participants/{participantId}/unmute",
     .repeatable = true},
    {.name = "update_space",
     .method = "PUT",
     .path = "/oresundspace/space/{spaceId}",
     .has_body = true,
     .repeatable = true},
    {.name = "close_space",
     .method = "DELETE",
     .path = "/oresundspace/space/{spaceId}",
     .has_body = true,
     .repeatable = true},
};

}  // namespace

std::span<const Tool> tools() { return table; }

const Tool* find_tool(std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &Tool::name);
  return found == std::end(table) ? nullptr : found;
}

boost::json::array tool_list() {
  return boost::json::parse(mcp_tools_source()).at("tools").as_array();
}

}  // namespace kronborg::doors

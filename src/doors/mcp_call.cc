#include "doors/mcp_call.h"

#include <algorithm>
#include <array>
#include <boost/json/string.hpp>
#include <memory>
#include <string>
#include <utility>

#include "api/members.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;
using api::Members;
using api::Need;

constexpr std::size_t max_secret_bytes = 8192;     // a header field line, http.md section 3
constexpr std::size_t max_parameter_bytes = 4096;  // what is longer is no cursor and no time
constexpr std::int64_t largest_integer = (std::int64_t{1} << 53) - 1;  // http.md section 5
constexpr std::array<std::string_view, 3> credential_arguments = {"privateKey", "joinToken",
                                                                  "idempotencyKey"};

std::string_view next_placeholder(std::string_view& path) {
  const auto open = path.find('{');
  if (open == std::string_view::npos) return {};
  const auto close = path.find('}', open);
  const std::string_view name = path.substr(open + 1, close - open - 1);
  path.remove_prefix(close + 1);
  return name;
}

bool stands_elsewhere(const Tool& tool, std::string_view name) {
  if (std::ranges::find(credential_arguments, name) != credential_arguments.end()) return true;
  std::string_view path = tool.path;
  for (auto id = next_placeholder(path); !id.empty(); id = next_placeholder(path)) {
    if (id == name) return true;
  }
  return false;
}

/// Takes the members of the REST body out of the arguments.
json::object take_body(const Tool& tool, json::object& arguments) {
  json::object body;
  json::object rest;
  for (auto& argument : arguments) {
    (stands_elsewhere(tool, argument.key()) ? rest : body)
        .emplace(argument.key(), std::move(argument.value()));
  }
  arguments = std::move(rest);
  return body;
}

/// The path with its ids; nothing when one is missing or is no id, which `arguments` notes.
std::string read_path(const Tool& tool, Members& arguments) {
  std::string path;
  std::string_view rest = tool.path;
  while (true) {
    const std::string_view before = rest;
    const std::string_view name = next_placeholder(rest);
    if (name.empty()) return path.append(before);
    path.append(before.substr(0, before.find('{')));
    path.append(arguments.uuid(name, Need::required).value_or(""));
  }
}

void add_parameter(std::string& query, std::string_view name, std::string_view value) {
  if (!query.empty()) query += '&';
  query.append(name).append("=").append(base::percent_encode(value));
}

std::string read_query(const Tool& tool, Members& arguments) {
  std::string query;
  for (const auto& [name, kind] : tool.query) {
    if (kind == QueryArgument::Kind::integer) {
      const auto number =
          arguments.integer(name, -largest_integer, largest_integer, Need::optional);
      if (number) add_parameter(query, name, std::to_string(*number));
    } else if (const auto text = arguments.bytes(name, max_parameter_bytes, Need::optional)) {
      add_parameter(query, name, *text);
    }
  }
  return query;
}

api::SharedSecret read_secret(Members& arguments, std::string_view name) {
  auto secret = arguments.secret(name, max_secret_bytes, Need::optional);
  if (!secret) return nullptr;
  return std::make_shared<const base::SecretText>(std::move(*secret));
}

/// As an RFC 8941 String when the bare form could not hold it; both mean the same text.
std::string idempotency_field(std::string_view key) {
  if (key.find_first_of(" \"") == std::string_view::npos) return std::string(key);
  std::string quoted = "\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// A credential that the tool does not take: wiped, and named as unknown.
void refuse_secret(json::object& arguments, std::string_view name,
                   std::vector<api::Warning>& warnings) {
  json::value* value = arguments.if_contains(name);
  if (value == nullptr) return;
  if (auto* text = value->if_string()) base::wipe(text->data(), text->size());
  arguments.erase(name);
  warnings.push_back({.code = "unknown_member",
                      .pointer = "/" + std::string(name),
                      .message = "Argument is not defined here and was ignored."});
}

bool is_user_token(const api::SharedSecret& secret) {
  return secret != nullptr && secret->reveal().starts_with("osp_");
}

void use_header(const DoorRequest& door, api::Request& request) {
  request.private_key = door.private_key;
  request.bearer = door.bearer;
  request.credential_sent = true;
}

/// The Authorization of the connection then speaks for nobody, unless it is an identity token.
void use_argument(const Tool& tool, const DoorRequest& door, const ToolCall& call,
                  api::Request& request) {
  request.private_key = call.argument_key;
  request.bearer = tool.takes_user_token && is_user_token(door.bearer) ? door.bearer : nullptr;
  request.credential_sent = true;
}

}  // namespace

bool wants_strict(const DoorRequest& door) {
  return base::lower(door.field("prefer")).find("handling=strict") != std::string::npos;
}

bool has_key(const json::object& arguments, const DoorRequest& door) {
  if (door.private_key != nullptr || door.bearer != nullptr) return true;
  const json::value* argument = arguments.if_contains("privateKey");
  return argument != nullptr && !argument->is_null();
}

base::Result<ToolCall> read_tool_call(const Tool& tool, json::object arguments,
                                      const DoorRequest& door) {
  ToolCall call;
  api::Request& request = call.request;
  request.method = tool.method;
  if (!tool.keyed) refuse_secret(arguments, "privateKey", call.warnings);
  if (!tool.takes_join_token) refuse_secret(arguments, "joinToken", call.warnings);
  json::object body;
  if (tool.has_body) body = take_body(tool, arguments);

  Members members = Members::of(std::move(arguments));
  request.path = read_path(tool, members);
  request.query = read_query(tool, members);
  if (!tool.revisions.empty()) {
    const auto number = members.integer(tool.revisions, 1, largest_integer, Need::optional);
    if (number) request.path += "/revisions/" + std::to_string(*number);
  }
  if (tool.keyed) call.argument_key = read_secret(members, "privateKey");
  if (tool.takes_join_token) request.join_token = read_secret(members, "joinToken");
  if (tool.repeatable) {
    const auto key = members.bytes("idempotencyKey", max_parameter_bytes, Need::optional);
    if (key) request.fields.emplace_back("idempotency-key", idempotency_field(*key));
  }
  TRY_VOID(wants_strict(door) ? members.finish() : members.finish(call.warnings));

  request.fields.emplace_back("accept", "application/json");
  if (wants_strict(door)) request.fields.emplace_back("prefer", "handling=strict");
  if (!body.empty()) {
    request.fields.emplace_back("content-type", "application/json");
    request.body = base::to_text(body);
  }
  if (tool.takes_user_token) request.user_token = door.user_token;
  request.source_address = door.source_address;
  request.request_id = door.request_id;
  request.browser = door.browser;
  request.resumed = door.resumed;
  return call;
}

base::Result<void> choose_key(const Tool& tool, const DoorRequest& door,
                              const std::function<bool(const api::Request&)>& would_admit,
                              ToolCall& call) {
  api::Request& request = call.request;
  const bool bearer_is_key = door.bearer != nullptr && has_key_form(door.bearer->reveal());
  const api::SharedSecret& header = door.private_key != nullptr ? door.private_key : door.bearer;
  if (!tool.keyed) {
    if (tool.takes_user_token && is_user_token(door.bearer)) request.bearer = door.bearer;
    return {};
  }
  if (call.argument_key == nullptr || (header != nullptr && same_key(header, call.argument_key))) {
    use_header(door, request);
    return {};
  }
  if (header == nullptr) {
    use_argument(tool, door, call, request);
    return {};
  }
  // Two keys in the header itself are a conflict already, which the operation answers.
  if (door.private_key != nullptr && bearer_is_key && !same_key(door.private_key, door.bearer)) {
    use_header(door, request);
    return {};
  }
  use_header(door, request);
  const bool header_fits = would_admit(request);
  use_argument(tool, door, call, request);
  const bool argument_fits = would_admit(request);
  if (header_fits && argument_fits) {
    return base::Error(
        base::Code::credential_conflict,
        "The key of the connection and the argument privateKey both fit, and differ.",
        "Leave one of them out: it must be clear who speaks.");
  }
  if (header_fits) use_header(door, request);
  return {};
}

}  // namespace kronborg::doors

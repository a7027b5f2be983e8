#include "doors/mcp.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <utility>

#include "api/accept.h"
#include "api/media.h"
#include "base/json.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;
using base::Code;

constexpr std::string_view allowed_methods = "POST, OPTIONS";
constexpr std::size_t max_batch = 20;
constexpr int refusal_code = -32000;  // of the transport; `data` says which

http::Answer no_content(int status) {
  http::Answer answer;
  answer.status = status;
  answer.content_type.clear();
  return answer;
}

base::Error supported(Code code, std::vector<std::string> types) {
  return base::Error(code).with({.name = "supported", .value = std::move(types)});
}

/// The first step of http.md section 4 that fails here and is not about the message.
std::optional<base::Error> transport_fault(const DoorRequest& request) {
  if (request.method != "POST") return Code::method_not_allowed;
  if (!api::is_json(request.field("content-type"))) {
    return supported(Code::unsupported_media_type, {"application/json"});
  }
  const std::string_view accept = request.field("accept");
  if (api::accept_weight(accept, "application/json") == 0 &&
      api::accept_weight(accept, "text/event-stream") == 0) {
    return supported(Code::not_acceptable, {"application/json"});
  }
  return std::nullopt;
}

struct Refused {
  int status = 0;
  RpcError error = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// The error as a JSON-RPC error: what the REST body would say beside its text stands in `data`.
Refused refused(const base::Error& error, std::string_view request_id) {
  http::Answer rest = api::error_response(error, request_id, "application/json", "");
  json::value body = json::parse(rest.body);
  std::string text;
  json::object data;
  for (auto& member : body.as_object()) {
    if (member.key() == "error") {
      text = member.value().as_string();
    } else {
      data[member.key() == "code" ? "errorCode" : member.key()] = std::move(member.value());
    }
  }
  return {.status = rest.status,
          .error = {.code = refusal_code, .message = std::move(text), .data = std::move(data)},
          .fields = std::move(rest.fields)};
}

http::Answer with_fields(http::Answer answer,
                         std::vector<std::pair<std::string, std::string>> fields) {
  for (auto& field : fields) answer.fields.push_back(std::move(field));
  return answer;
}

}  // namespace

Mcp::Mcp(Calls calls, DocPages pages, McpSettings settings)
    : calls_(std::move(calls)),
      settings_(std::move(settings)),
      manual_(std::move(pages), settings_.origin),
      tools_(tool_list()) {}

http::Answer Mcp::refusal(const base::Error& error, std::string_view request_id) {
  Refused made = refused(error, request_id);
  return with_fields(rpc_answer(made.status, rpc_error({}, made.error)), std::move(made.fields));
}

http::Answer Mcp::answer(const DoorRequest& request, std::optional<api::Held>& held) const {
  if (request.method == "OPTIONS") {
    return with_fields(no_content(204), {{"Allow", std::string(allowed_methods)}});
  }
  if (const auto fault = transport_fault(request)) {
    http::Answer answer = refusal(*fault, request.request_id);
    if (fault->code == Code::method_not_allowed) {
      answer.fields.emplace_back("Allow", std::string(allowed_methods));
    }
    return answer;
  }
  const Turn turn{.request = request, .held = &held};
  RpcError fault;
  auto body = read_rpc_body(request.body, fault);
  if (body && body->is_array()) return batch(request, body->as_array());
  const Reply made = body ? reply(turn, read_rpc_message(*std::move(body)))
                          : counted(turn, {}, {.status = 400, .body = rpc_error({}, fault)});
  return with_fields(made.body ? rpc_answer(made.status, *made.body) : no_content(made.status),
                     made.fields);
}

http::Answer Mcp::batch(const DoorRequest& request, json::array& messages) const {
  const Turn turn{.request = request, .batched = true};
  std::vector<RpcMessage> read;
  std::string why;
  if (!allows_batch(request)) {
    why = "Invalid request: this protocol version has no batches.";
  } else if (messages.empty() || messages.size() > max_batch) {
    why = "Invalid request: a batch has 1 to 20 messages.";
  } else {
    for (json::value& message : messages) read.push_back(read_rpc_message(std::move(message)));
    const bool modern = std::ranges::any_of(read, [&](const RpcMessage& message) {
      return era_of(request, message) == McpEra::modern;
    });
    if (modern) why = "Invalid request: a request with a version of its own stands alone.";
  }
  if (!why.empty()) {
    const Reply made = counted(
        turn, {},
        {.status = 400, .body = rpc_error({}, {.code = rpc_invalid_request, .message = why})});
    return with_fields(rpc_answer(made.status, *made.body), made.fields);
  }
  json::array answers;
  for (RpcMessage& message : read) {
    Reply made = reply(turn, std::move(message));
    if (made.body) answers.push_back(*std::move(made.body));
  }
  return answers.empty() ? no_content(202) : rpc_answer(200, answers);
}

Mcp::Reply Mcp::reply(Turn turn, RpcMessage message) const {
  using Kind = RpcMessage::Kind;
  turn.era = era_of(turn.request, message);
  const bool modern = turn.era == McpEra::modern;
  std::optional<RpcError> fault;
  if (message.kind == Kind::invalid) {
    fault = message.fault;
  } else if (message.kind == Kind::response && modern) {
    fault = RpcError{.code = rpc_invalid_request,
                     .message = "Invalid request: this server asks nothing."};
  } else if (!modern) {
    fault = legacy_fault(turn.request);
  } else if (message.kind == Kind::request) {
    fault = modern_fault(turn.request, message);
  }
  if (fault) {
    const RpcId id = message.kind == Kind::response ? RpcId{} : message.id;
    return counted(turn, id, {.status = 400, .body = rpc_error(id, *fault)});
  }
  if (message.kind != Kind::request) return counted(turn, message.id, {.status = 202});
  return dispatch(turn, std::move(message));
}

Mcp::Reply Mcp::counted(const Turn& turn, const RpcId& id, Reply made) const {
  Taken taken = calls_.take_rate("mcp", turn.request.source_address);
  if (taken.refused) {
    Refused refusal = refused(*taken.refused, turn.request.request_id);
    made = {.status = refusal.status,
            .body = rpc_error(id, refusal.error),
            .fields = std::move(refusal.fields)};
  }
  for (auto& field : taken.fields) made.fields.push_back(std::move(field));
  return made;
}

}  // namespace kronborg::doors

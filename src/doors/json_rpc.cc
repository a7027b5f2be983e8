#include "doors/json_rpc.h"

#include <utility>

#include "base/json.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

bool is_id(const json::value& value) { return value.is_string() || value.is_number(); }

RpcMessage invalid(RpcId id, int code, std::string text) {
  return {.kind = RpcMessage::Kind::invalid,
          .id = std::move(id),
          .fault = {.code = code, .message = std::move(text)}};
}

}  // namespace

std::optional<json::value> read_rpc_body(std::string_view body, RpcError& fault) {
  auto value = base::parse_json(body);
  if (value) return *std::move(value);
  fault = {.code = rpc_parse_error, .message = "Parse error: " + std::string(value.error().text())};
  return std::nullopt;
}

RpcMessage read_rpc_message(json::value value) {
  using Kind = RpcMessage::Kind;
  json::object* object = value.if_object();
  if (object == nullptr) {
    return invalid({}, rpc_invalid_request, "Invalid request: a message is a JSON object.");
  }
  const json::value* id = object->if_contains("id");
  RpcId known_id;
  if (id != nullptr && is_id(*id)) known_id = *id;
  const json::value* version = object->if_contains("jsonrpc");
  if (version == nullptr || *version != "2.0") {
    return invalid(known_id, rpc_invalid_request, "Invalid request: jsonrpc must be \"2.0\".");
  }
  const json::value* method = object->if_contains("method");
  if (method == nullptr && (object->contains("result") || object->contains("error"))) {
    return {.kind = Kind::response, .id = std::move(known_id)};
  }
  if (method == nullptr || !method->is_string()) {
    return invalid(known_id, rpc_invalid_request, "Invalid request: method must be text.");
  }
  if (id != nullptr && !known_id) {
    return invalid({}, rpc_invalid_request, "Invalid request: id must be text or a number.");
  }
  RpcMessage message{.kind = known_id ? Kind::request : Kind::notification,
                     .id = known_id,
                     .method = std::string(method->as_string())};
  json::value* params = object->if_contains("params");
  if (params == nullptr) return message;
  if (!params->is_object()) {
    return invalid(known_id, rpc_invalid_params, "Invalid params: params must be an object.");
  }
  message.params = std::move(params->as_object());
  return message;
}

json::object rpc_result(const RpcId& id, json::object result) {
  json::object envelope{{"jsonrpc", "2.0"}};
  if (id) envelope["id"] = *id;
  envelope["result"] = std::move(result);
  return envelope;
}

json::object rpc_error(const RpcId& id, const RpcError& error) {
  json::object object;
  object["code"] = error.code;
  object["message"] = error.message;
  if (!error.data.is_null()) object["data"] = error.data;
  json::object envelope{{"jsonrpc", "2.0"}};
  if (id) envelope["id"] = *id;
  envelope["error"] = std::move(object);
  return envelope;
}

http::Answer rpc_answer(int status, const json::value& body) {
  http::Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = base::to_text(body);
  return answer;
}

}  // namespace kronborg::doors

#include "doors/a2a.h"

#include <algorithm>
#include <optional>
#include <span>

#include "api/media.h"
#include "base/encoding.h"
#include "doors/a2a_methods.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

using Method = A2aResult<A2aReply> (*)(A2aCall&);

struct Named {
  std::string_view name;
  Method method;
};

constexpr Named methods_0_3[] = {
    {"message/send", send_message},
    {"message/stream", stream_message},
    {"tasks/get", get_task},
    {"tasks/cancel", cancel_task},
    {"tasks/resubscribe", subscribe_to_task},
    {"tasks/pushNotificationConfig/set", refuse_push},
    {"tasks/pushNotificationConfig/get", refuse_push},
    {"tasks/pushNotificationConfig/list", refuse_push},
    {"tasks/pushNotificationConfig/delete", refuse_push},
    {"agent/getAuthenticatedExtendedCard", refuse_extended_card},
};

constexpr Named methods_1_0[] = {
    {"SendMessage", send_message},
    {"SendStreamingMessage", stream_message},
    {"GetTask", get_task},
    {"ListTasks", list_tasks},
    {"CancelTask", cancel_task},
    {"SubscribeToTask", subscribe_to_task},
    {"CreateTaskPushNotificationConfig", refuse_push},
    {"GetTaskPushNotificationConfig", refuse_push},
    {"ListTaskPushNotificationConfigs", refuse_push},
    {"DeleteTaskPushNotificationConfig", refuse_push},
    {"GetExtendedAgentCard", refuse_extended_card},
};

Method method_named(std::string_view name, A2aVersion version) {
  const std::span<const Named> methods = version == A2aVersion::v0_3
                                             ? std::span<const Named>(methods_0_3)
                                             : std::span<const Named>(methods_1_0);
  const auto found = std::ranges::find(methods, name, &Named::name);
  return found == methods.end() ? nullptr : found->method;
}

/// The value of A2A-Version in the query: clients that cannot set a field put it there.
std::string version_in(std::string_view query) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || part.substr(0, equals) != "A2A-Version") continue;
    return base::percent_decode(part.substr(equals + 1)).value_or("");
  }
  return {};
}

A2aResult<A2aVersion> read_version(const DoorRequest& request) {
  std::string version(request.field("a2a-version"));
  if (version.empty()) version = version_in(request.query);
  if (version.empty() || version == "0.3") return A2aVersion::v0_3;
  if (version == "1.0") return A2aVersion::v1_0;
  return std::unexpected(A2aRefusal{.code = a2a_version_not_supported,
                                    .reason = "VERSION_NOT_SUPPORTED",
                                    .message = "This version of A2A is not spoken here.",
                                    .details = {{"supported", "0.3,1.0"}}});
}

std::optional<A2aRefusal> wrong_transport(const DoorRequest& request, const A2aPlace& place) {
  if (request.method != "POST") {
    A2aRefusal refusal = refusal_of(base::Code::method_not_allowed, place);
    refusal.code = rpc_invalid_request;
    refusal.http_status = 405;
    refusal.fields = {{"Allow", "POST, OPTIONS"}};
    return refusal;
  }
  if (api::is_json(request.field("content-type"))) return std::nullopt;
  A2aRefusal refusal = refusal_of(base::Code::unsupported_media_type, place);
  refusal.http_status = 415;
  refusal.details = {{"supported", "application/json"}};
  return refusal;
}

A2aRefusal refusal_of(const RpcError& fault) {
  const std::string_view reason = fault.code == rpc_parse_error      ? "PARSE_ERROR"
                                  : fault.code == rpc_invalid_params ? "INVALID_PARAMS"
                                                                     : "INVALID_REQUEST";
  return {.code = fault.code, .reason = std::string(reason), .message = fault.message};
}

/// The message in the body; `id` is filled as soon as it is known.
A2aResult<RpcMessage> read_message(const DoorRequest& request, RpcId& id) {
  RpcError fault;
  auto body = read_rpc_body(request.body, fault);
  if (!body) return std::unexpected(refusal_of(fault));
  RpcMessage message = read_rpc_message(*std::move(body));
  id = message.id;
  if (message.kind == RpcMessage::Kind::invalid) return std::unexpected(refusal_of(message.fault));
  if (message.kind == RpcMessage::Kind::request) return message;
  return std::unexpected(refusal_of(RpcError{
      .code = rpc_invalid_request, .message = "Invalid request: method and id are needed."}));
}

A2aResult<A2aReply> run(const A2aParts& parts, const DoorRequest& request, const A2aPlace& place,
                        RpcId& id) {
  if (auto wrong = wrong_transport(request, place)) return std::unexpected(*std::move(wrong));
  auto message = read_message(request, id);
  if (!message) return std::unexpected(message.error());
  const auto version = read_version(request);
  if (!version) return std::unexpected(version.error());
  const Method method = method_named(message->method, *version);
  if (method == nullptr) {
    return std::unexpected(
        A2aRefusal{.code = rpc_method_not_found,
                   .reason = "METHOD_NOT_FOUND",
                   .message = "There is no such method in this version of A2A."});
  }
  A2aCall call{.parts = parts,
               .id = id,
               .shape = A2aShape(*version),
               .params = std::move(message->params),
               .rest = A2aRest(parts.calls, request, place)};
  return method(call);
}

}  // namespace

A2aReply A2aCall::reply(json::object result,
                        std::vector<std::pair<std::string, std::string>> fields) const {
  A2aReply reply{.answer = rpc_answer(200, rpc_result(id, std::move(result)))};
  reply.answer.fields = std::move(fields);
  return reply;
}

A2aReply A2aDoor::answer(const DoorRequest& request) const {
  const A2aPlace place{.origin = parts_.origin, .path = request.path};
  RpcId id;
  auto reply = run(parts_, request, place, id);
  if (reply) return *std::move(reply);
  A2aRefusal refusal = std::move(reply).error();
  if (!refusal.counted) {
    const Taken taken = parts_.calls.take_rate("source", request.source_address);
    if (taken.refused) refusal = refusal_of(*taken.refused, place);
    refusal.fields.insert(refusal.fields.end(), taken.fields.begin(), taken.fields.end());
  }
  return {.answer = a2a_answer(id, refusal, place, request.request_id)};
}

http::Answer A2aDoor::refusal(const base::Error& error, std::string path,
                              std::string_view request_id) const {
  const A2aPlace place{.origin = parts_.origin, .path = std::move(path)};
  A2aRefusal refusal = refusal_of(error, place);
  refusal.http_status = error.status();
  return a2a_answer({}, refusal, place, request_id);
}

}  // namespace kronborg::doors

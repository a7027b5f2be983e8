#include "doors/a2a_refusal.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cctype>

#include "api/router.h"
#include "base/json.h"
#include "base/text.h"
#include "doors/a2a_read.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

/// Members of a REST error that are not details of its code.
constexpr std::string_view common_members[] = {"error", "code", "requestId",
                                               "hint",  "docs", "next"};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

/// Text as it is, names separated by commas, everything else as JSON.
std::string detail_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  const json::array* list = value.if_array();
  if (list == nullptr) return base::to_text(value);
  std::string names;
  for (const json::value& item : *list) {
    if (!item.is_string()) return base::to_text(value);
    if (!names.empty()) names += ',';
    names += std::string_view(item.get_string());
  }
  return names;
}

/// The code of JSON-RPC for a status of REST. A key of another space is answered as if the task did
/// not exist: foreign tasks are not revealed.
int rpc_code(int status, std::string_view code) {
  if (code == "wrong_space" || code == "space_not_found") return a2a_task_not_found;
  if (code == "credential_conflict") return rpc_invalid_request;
  if (code == "not_found" || status == 400) return rpc_invalid_params;
  if (code == "unsupported_media_type") return a2a_content_type_not_supported;
  return status == 500 ? rpc_internal_error : a2a_server_error;
}

/// A 401 keeps its status, for the challenge; so do limits and failures, for `Retry-After`.
int http_status(int status) {
  return status == 401 || status == 429 || status >= 500 ? status : 200;
}

/// The challenge names the metadata of the place that was asked.
std::string challenge(std::string value, const A2aPlace& place) {
  constexpr std::string_view name = "resource_metadata=\"";
  const auto begin = value.find(name);
  if (begin == std::string::npos) return value;
  const auto end = value.find('"', begin + name.size());
  if (end == std::string::npos) return value;
  return value.replace(begin + name.size(), end - begin - name.size(), place.metadata_url());
}

}  // namespace

A2aRefusal wrong_params(std::string message) {
  return {.code = rpc_invalid_params, .reason = "INVALID_PARAMS", .message = std::move(message)};
}

std::string A2aPlace::metadata_url() const {
  return origin + "/.well-known/oauth-protected-resource" + path;
}

std::string A2aPlace::host() const {
  const auto scheme = origin.find("://");
  std::string authority = scheme == std::string::npos ? origin : origin.substr(scheme + 3);
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  return has_port ? authority.substr(0, colon) : authority;
}

std::vector<std::pair<std::string, std::string>> carried_fields(const http::Answer& rest,
                                                                const A2aPlace& place) {
  std::vector<std::pair<std::string, std::string>> carried;
  for (const auto& [name, value] : rest.fields) {
    const std::string lower = base::lower(name);
    if (lower == "www-authenticate") {
      carried.emplace_back(name, challenge(value, place));
    } else if (lower.starts_with("ratelimit") || lower == "retry-after" || lower == "link" ||
               lower == "idempotency-replayed" || lower == "x-user-token-status") {
      carried.emplace_back(name, value);
    }
  }
  return carried;
}

A2aRefusal refusal_of(const http::Answer& rest, const A2aPlace& place) {
  const auto body = base::parse_json(rest.body);
  const json::object* error = body ? body->if_object() : nullptr;
  if (error == nullptr) return broken_answer();
  const std::string code = text_of(*error, "code");
  A2aRefusal refusal{.code = rpc_code(rest.status, code),
                     .reason = upper(code),
                     .message = text_of(*error, "error"),
                     .http_status = http_status(rest.status),
                     .fields = carried_fields(rest, place),
                     .counted = true};
  if (refusal.code == a2a_task_not_found) refusal.message = "This key has no such task.";
  for (const auto& member : *error) {
    const std::string_view name = member.key();
    if (std::ranges::find(common_members, name) != std::end(common_members)) continue;
    refusal.details.emplace_back(name, detail_text(member.value()));
  }
  return refusal;
}

A2aRefusal refusal_of(const base::Error& error, const A2aPlace& place) {
  A2aRefusal refusal = refusal_of(api::error_response(error, {}, {}, place.origin), place);
  refusal.counted = false;
  return refusal;
}

A2aRefusal broken_answer() {
  const base::CodeFacts& facts = base::facts(base::Code::internal_error);
  return {.code = rpc_internal_error,
          .reason = upper(facts.name),
          .message = std::string(facts.text),
          .http_status = facts.http_status,
          .counted = true};
}

http::Answer a2a_answer(const RpcId& id, const A2aRefusal& refusal, const A2aPlace& place,
                        std::string_view request_id) {
  json::object metadata{{"requestId", request_id}};
  for (const auto& [name, value] : refusal.details) metadata[name] = json::string(value);
  json::array data;
  data.push_back(json::object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                              {"reason", refusal.reason},
                              {"domain", place.host()},
                              {"metadata", std::move(metadata)}});
  http::Answer answer = rpc_answer(
      refusal.http_status,
      rpc_error(id ? id : RpcId(json::value(nullptr)),
                {.code = refusal.code, .message = refusal.message, .data = std::move(data)}));
  answer.fields = refusal.fields;
  return answer;
}

}  // namespace kronborg::doors

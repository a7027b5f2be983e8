#include "gate/refusal.h"

#include <boost/json/parse.hpp>
#include <boost/json/value_from.hpp>
#include <utility>
#include <variant>

#include "base/json.h"
#include "channel/error_bodies.h"

namespace kronborg::gate {

namespace {

std::string_view type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 408:
    case 504:
      return "timeout_error";
    case 500:
      return "server_error";
    case 502:
      return "upstream_error";
    case 503:
      return "unavailable_error";
    default:
      return "invalid_request_error";
  }
}

base::json::value json_of(const base::Detail& detail) {
  if (const auto* number = std::get_if<std::int64_t>(&detail.value)) return *number;
  if (const auto* text = std::get_if<std::string>(&detail.value)) return base::json::string(*text);
  if (const auto* made = std::get_if<base::JsonText>(&detail.value)) {
    return base::json::parse(made->text);
  }
  return base::json::value_from(std::get<std::vector<std::string>>(detail.value));
}

}  // namespace

Refusals::Refusals(std::string_view origin) {
  no_credential_ = "Bearer resource_metadata=\"";
  no_credential_.append(origin).append("/.well-known/oauth-protected-resource\"");
  refused_credential_ = no_credential_ + ", error=\"invalid_token\"";
}

std::string error_body(const base::Error& error) {
  const base::CodeFacts& facts = base::facts(error.code);
  base::json::object inner;
  inner["message"] = error.text();
  inner["type"] = type_of(facts.http_status);
  inner["code"] = facts.name;
  inner["hint"] = error.next_step();
  for (const base::Detail& detail : error.details) inner[detail.name] = json_of(detail);
  return base::to_text(base::json::object{{"error", std::move(inner)}});
}

const std::string& Refusals::challenge(base::Code code) const {
  const bool none =
      code == base::Code::credential_missing || code == base::Code::no_keys_configured;
  return none ? no_credential_ : refused_credential_;
}

http::Answer Refusals::answer(const base::Error& error) const {
  http::Answer answer;
  answer.status = base::facts(error.code).http_status;
  answer.body = error_body(error);
  if (answer.status == 401) answer.fields.emplace_back("WWW-Authenticate", challenge(error.code));
  if (answer.status == 503) answer.fields.emplace_back("Retry-After", "1");
  return answer;
}

http::Answer Refusals::bare(base::Code code) const {
  http::Answer answer;
  answer.status = base::facts(code).http_status;
  answer.content_type.clear();
  if (answer.status == 401) answer.fields.emplace_back("WWW-Authenticate", challenge(code));
  return answer;
}

http::Answer Refusals::no_route(std::string_view request_id) {
  const base::CodeFacts& facts = base::facts(base::Code::route_not_found);
  http::Answer answer;
  answer.status = facts.http_status;
  answer.body = base::to_text(base::json::object{{"error", facts.text},
                                                 {"code", facts.name},
                                                 {"requestId", request_id},
                                                 {"hint", facts.hint}});
  return answer;
}

http::Answer Refusals::out_of_scope(bool starts_work) {
  const base::CodeFacts& facts = base::facts(base::Code::agent_scope_denied);
  http::Answer answer;
  answer.status = facts.http_status;
  base::json::object body;
  if (starts_work) {
    body = {{"error", facts.name}, {"message", facts.text}, {"code", facts.name}};
  } else {
    body = {
        {"error", {{"message", facts.text}, {"type", "permission_error"}, {"code", facts.name}}}};
  }
  answer.body = base::to_text(body);
  return answer;
}

http::Answer Refusals::channel_required() {
  http::Answer answer;
  answer.status = base::facts(base::Code::secure_channel_required).http_status;
  answer.body = channel::channel_required_error();
  return answer;
}

}  // namespace kronborg::gate

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <string>

#include "api/accept.h"
#include "api/router.h"
#include "base/json.h"
#include "base/random.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_listed_errors = 20;  // http.md section 6

/// Seconds after which to come back, for the codes of http.md 7.3 that have Retry-After.
std::optional<std::int64_t> retry_after(const base::Error& error) {
  for (const base::Detail& detail : error.details) {
    if (detail.name != "retryAfter") continue;
    if (const auto* seconds = std::get_if<std::int64_t>(&detail.value)) return *seconds;
  }
  switch (error.code) {
    case base::Code::idempotency_in_flight:
      return 1;
    case base::Code::overloaded:
    case base::Code::store_unavailable:
    case base::Code::store_full:
    case base::Code::draining:
      return 5;
    default:
      return std::nullopt;
  }
}

json::value detail_value(const base::Detail& detail) {
  if (const auto* number = std::get_if<std::int64_t>(&detail.value)) return *number;
  if (const auto* text = std::get_if<std::string>(&detail.value)) return json::string(*text);
  if (const auto* made = std::get_if<base::JsonText>(&detail.value)) return json::parse(made->text);
  json::array list;
  for (const std::string& item : std::get<std::vector<std::string>>(detail.value)) {
    list.emplace_back(json::string(item));
  }
  return list;
}

json::array listed(const std::vector<base::MemberError>& errors) {
  json::array list;
  for (const base::MemberError& error : errors) {
    if (list.size() == max_listed_errors) break;
    list.push_back(
        json::object{{"pointer", error.pointer}, {"code", error.code}, {"detail", error.detail}});
  }
  return list;
}

/// A detail whose name begins with '_' is a header field of the answer.
bool is_field(const base::Detail& detail) { return detail.name.starts_with('_'); }

/// The members that both forms have.
void add_members(json::object& body, const base::Error& error, std::string_view request_id) {
  body["code"] = json::string(base::facts(error.code).name);
  body["requestId"] = json::string(request_id);
  if (!error.next_step().empty()) body["hint"] = json::string(error.next_step());
  if (!error.errors.empty()) body["errors"] = listed(error.errors);
  for (const base::Detail& detail : error.details) {
    if (!is_field(detail)) body[detail.name] = detail_value(detail);
  }
  if (const auto seconds = retry_after(error)) body["retryAfter"] = *seconds;
}

/// A fault of the server says nothing of its cause (http.md 7.3).
std::string_view public_text(const base::Error& error) {
  return error.code == base::Code::internal_error ? base::facts(error.code).text : error.text();
}

/// `route_not_found` as "Route not found".
std::string title_of(base::Code code) {
  std::string title(base::facts(code).name);
  for (char& c : title) {
    if (c == '_') c = ' ';
  }
  title.front() = static_cast<char>(title.front() - 'a' + 'A');
  return title;
}

json::object problem_of(const base::Error& error, std::string_view request_id,
                        std::string_view origin) {
  const base::CodeFacts& facts = base::facts(error.code);
  json::object body;
  if (error.code == base::Code::rate_limited) {
    body["type"] = "https://iana.org/assignments/http-problem-types#quota-exceeded";
  } else {
    body["type"] = json::string(std::string(origin) + "/docs/errors#" + std::string(facts.name));
  }
  body["title"] = json::string(title_of(error.code));
  body["status"] = error.status();
  body["detail"] = json::string(public_text(error));
  if (base::is_uuid(request_id))
    body["instance"] = json::string("urn:uuid:" + std::string(request_id));
  add_members(body, error, request_id);
  if (error.code == base::Code::rate_limited && body.contains("policies")) {
    body["violated-policies"] = body["policies"];
  }
  return body;
}

}  // namespace

Response error_response(const base::Error& error, std::string_view request_id,
                        std::string_view accept, std::string_view origin) {
  Response response;
  response.status = error.status();
  if (prefers_problem(accept)) {
    response.content_type = "application/problem+json";
    response.body = base::to_text(problem_of(error, request_id, origin));
  } else {
    response.content_type = "application/json";
    json::object body;
    body["error"] = json::string(public_text(error));
    add_members(body, error, request_id);
    response.body = base::to_text(body);
  }
  for (const base::Detail& detail : error.details) {
    if (detail.name == "_etag")
      response.fields.emplace_back("ETag", std::get<std::string>(detail.value));
  }
  if (const auto seconds = retry_after(error)) {
    response.fields.emplace_back("Retry-After", std::to_string(*seconds));
  }
  return response;
}

}  // namespace kronborg::api

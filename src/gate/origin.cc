#include "gate/origin.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace kronborg::gate {

namespace {

/// The gate does not know the fields of its upstreams (a page that speaks MCP needs
/// `Mcp-Session-Id`), so all are exposed; credentials of the browser are never in play.
std::array<http::Field, 3> cors_fields(const http::RequestHead& request) {
  return {{{"Access-Control-Allow-Origin", request.field("origin").value_or("")},
           {"Access-Control-Expose-Headers", "*"},
           {"Vary", "Origin"}}};
}

/// A list of field names, and nothing else that could be echoed.
bool is_name_list(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == ',' || c == ' ';
  });
}

}  // namespace

Origin judge_origin(const Settings& settings, const http::RequestHead& request) {
  const std::optional<std::string_view> origin = request.field("origin");
  if (!origin) return Origin::absent;
  if (*origin == settings.origin) return Origin::allowed;
  if (*origin == "null") return Origin::foreign;
  const bool listed = std::ranges::any_of(
      settings.allowed_origins,
      [&](const std::string& allowed) { return allowed == *origin || allowed == "*"; });
  return listed ? Origin::allowed : Origin::foreign;
}

bool is_preflight(const http::RequestHead& request) {
  return request.method == "OPTIONS" && request.field("origin") &&
         request.field("access-control-request-method");
}

http::Answer preflight_answer(const http::RequestHead& request, Origin origin) {
  http::Answer answer;
  answer.status = 204;
  answer.content_type.clear();
  if (origin != Origin::allowed) {
    answer.fields.emplace_back("Vary", "Origin");
    return answer;
  }
  add_cors(answer, request);
  answer.fields.emplace_back("Access-Control-Allow-Methods",
                             "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  const auto asked = request.field("access-control-request-headers");
  if (asked && is_name_list(*asked)) {
    answer.fields.emplace_back("Access-Control-Allow-Headers", std::string(*asked));
  }
  answer.fields.emplace_back("Access-Control-Max-Age", "600");
  const auto private_network = request.field("access-control-request-private-network");
  if (private_network && base::equal_ignoring_case(*private_network, "true")) {
    answer.fields.emplace_back("Access-Control-Allow-Private-Network", "true");
  }
  return answer;
}

void add_cors(std::vector<http::Field>& fields, const http::RequestHead& request) {
  for (const http::Field& field : cors_fields(request)) fields.push_back(field);
}

void add_cors(http::Answer& answer, const http::RequestHead& request) {
  for (const http::Field& field : cors_fields(request)) {
    answer.fields.emplace_back(std::string(field.name), std::string(field.value));
  }
}

}  // namespace kronborg::gate

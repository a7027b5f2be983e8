#include "channel/inner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/json_members.h"
#include "base/text.h"
#include "http/characters.h"
#include "http/limits.h"
#include "http/parse.h"
#include "http/request_target.h"

namespace kronborg::channel {
namespace {

using base::json::object;

constexpr std::array<std::string_view, 10> ignored_names{
    "host",          "content-length", "connection",   "transfer-encoding",
    "authorization", "accept",         "content-type", "x-osaurus-relay-origin",
    "forwarded",     "x-real-ip"};

bool is_ignored(std::string_view lower_name) {
  return std::ranges::find(ignored_names, lower_name) != ignored_names.end() ||
         lower_name.starts_with("x-forwarded-");
}

bool is_method(std::string_view text) {
  return http::all(http::token_character, text) &&
         std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

/// Begins `/secure/`, also behind one of the prefixes of docs/protocol/identity.md section 9.
bool is_secure_path(std::string_view path) {
  for (const std::string_view prefix : {"", "/v1/api", "/api", "/v1"}) {
    if (path.starts_with(prefix) && path.substr(prefix.size()).starts_with("/secure/")) return true;
  }
  return false;
}

bool is_target(std::string_view method, std::string_view target) {
  if (!target.starts_with('/') || target.size() > http::max_request_line_bytes) return false;
  http::RequestHead head;
  std::string_view authority;
  if (!http::read_target(method, target, head, authority)) return false;
  // Routes are found by the decoded path.
  return !is_secure_path(head.path) && !is_secure_path(http::decoded_path(head.path));
}

bool is_value(std::string_view text) { return http::is_field_text(text); }

/// Counts what a head made of the request would hold.
class HeadBudget {
 public:
  bool take(std::string_view name, std::string_view value) {
    const std::size_t line = name.size() + value.size() + 4;
    bytes_ += line;
    return line <= http::max_field_line_bytes && bytes_ <= http::max_head_bytes &&
           ++fields_ <= http::max_fields;
  }

 private:
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;
};

bool read_fields(const object& map, HeadBudget& budget, std::vector<InnerField>& out) {
  std::vector<std::string> names;
  for (const auto& member : map) {
    const std::string_view name = member.key();
    const auto* value = member.value().if_string();
    if (value == nullptr || !http::all(http::token_character, name) || !is_value(*value)) {
      return false;
    }
    names.push_back(base::lower(name));
    if (is_ignored(names.back())) continue;
    if (!budget.take(name, *value)) return false;
    out.push_back({.name = std::string(name), .value = base::SecretText(*value)});
  }
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) == names.end();
}

bool read_named_fields(const object& from, HeadBudget& budget, InnerRequest& out) {
  std::optional<std::string> authorization;
  if (!base::read_text(from, "authorization", authorization) ||
      !base::read_text(from, "accept", out.accept) ||
      !base::read_text(from, "contentType", out.content_type)) {
    return false;
  }
  bool good = true;
  if (authorization) {
    good = is_value(*authorization) && budget.take("Authorization", *authorization);
    out.authorization.emplace(*authorization);
    base::wipe(authorization->data(), authorization->size());
  }
  if (out.accept) good = good && is_value(*out.accept) && budget.take("Accept", *out.accept);
  if (out.content_type) {
    good = good && is_value(*out.content_type) && budget.take("Content-Type", *out.content_type);
  }
  return good;
}

bool read_body(const object& from, InnerRequest& out) {
  const auto* member = base::set_member(from, "body");
  if (member == nullptr) return true;
  const auto* text = member->if_string();
  if (text == nullptr) return false;
  auto bytes = base::base64url_strict(*text);
  if (!bytes) return false;
  out.body.emplace(base::text_of(*bytes));
  base::wipe(bytes->data(), bytes->size());
  return true;
}

bool read_request(const object& from, InnerRequest& out) {
  HeadBudget budget;
  if (!base::read_text(from, "method", out.method) || !is_method(out.method) ||
      !base::read_text(from, "path", out.target) || !is_target(out.method, out.target) ||
      !read_named_fields(from, budget, out) || !read_body(from, out)) {
    return false;
  }
  const auto* headers = base::set_member(from, "headers");
  if (headers == nullptr) return true;
  const auto* map = headers->if_object();
  return map != nullptr && read_fields(*map, budget, out.fields);
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// Moves a text into a secret; what it leaves behind is wiped.
base::SecretText taken(std::string& text) {
  base::SecretText secret(text);
  base::wipe(text.data(), text.size());
  return secret;
}

}  // namespace

base::Result<InnerRequest> read_inner_request(std::string_view plain) {
  auto value = base::parse_json(plain);
  InnerRequest request;
  const auto* members = value ? value->if_object() : nullptr;
  const bool good = members != nullptr && read_request(*members, request);
  if (value) base::wipe_texts(*value);  // texts may be credentials
  if (!good) return base::Error(base::Code::secure_malformed, "Malformed inner request");
  return request;
}

base::SecretText write_inner_request(const InnerRequest& request) {
  object out{{"method", request.method}, {"path", request.target}};
  if (request.authorization) out["authorization"] = request.authorization->reveal();
  if (request.accept) out["accept"] = *request.accept;
  if (request.content_type) out["contentType"] = *request.content_type;
  if (!request.fields.empty()) {
    object& headers = out["headers"].emplace_object();
    for (const InnerField& field : request.fields) headers[field.name] = field.value.reveal();
  }
  if (request.body) out["body"] = base::base64url(base::bytes_of(request.body->reveal()));
  base::json::value value(std::move(out));
  std::string text = base::to_text(value);
  base::wipe_texts(value);
  return taken(text);
}

base::SecretText head_of(const InnerRequest& request, const OuterFields& outer) {
  std::string head;
  head.reserve(http::max_request_line_bytes + http::max_head_bytes);
  head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  append_line(head, "Host", outer.host);
  if (request.authorization) append_line(head, "Authorization", request.authorization->reveal());
  if (request.accept) append_line(head, "Accept", *request.accept);
  if (request.content_type) append_line(head, "Content-Type", *request.content_type);
  bool has_user_agent = false;
  for (const InnerField& field : request.fields) {
    has_user_agent = has_user_agent || base::equal_ignoring_case(field.name, "user-agent");
    append_line(head, field.name, field.value.reveal());
  }
  if (!has_user_agent && !outer.user_agent.empty()) {
    append_line(head, "User-Agent", outer.user_agent);
  }
  if (outer.relayed) append_line(head, "X-Osaurus-Relay-Origin", outer.relay_origin);
  for (const auto& [name, value] : outer.forwarded) append_line(head, name, value);
  if (request.body) {
    append_line(head, "Content-Length", std::to_string(request.body->reveal().size()));
  }
  head.append("\r\n");
  return taken(head);
}

}  // namespace kronborg::channel

#include "api/openapi_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>

#include "base/error.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view problem_type = "application/problem+json";
constexpr std::string_view request_id = "6b21acd9-5a49-48e1-bf60-a4f13b24602f";

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", fmt::format("#/components/{}/{}", kind, name)}};
}

json::value schema_of(const json::value& schema) {
  if (!schema.is_string()) return schema;
  return reference("schemas", std::string_view(schema.get_string()));
}

std::string_view text_of(const json::object& object, std::string_view name,
                         std::string_view otherwise) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? otherwise : std::string_view(value->as_string());
}

/// With `warnings`, which every answer of JSON may have beside its own members.
json::value warned(json::value schema) {
  json::object both;
  json::array& parts = both["allOf"].emplace_array();
  parts.push_back(std::move(schema));
  parts.push_back(reference("schemas", "Warned"));
  return both;
}

json::array parameters_of(const json::value& given) {
  json::array parameters;
  for (const json::value& parameter : given.as_array()) {
    parameters.push_back(
        parameter.is_string()
            ? json::value(reference("parameters", std::string_view(parameter.get_string())))
            : parameter);
  }
  return parameters;
}

json::array path_parameters(std::string_view path) {
  json::array parameters;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{')) {
    path.remove_prefix(open + 1);
    parameters.push_back(reference("parameters", path.substr(0, path.find('}'))));
  }
  return parameters;
}

json::object content_of(const json::object& short_form, json::value schema) {
  json::object media{{"schema", std::move(schema)}};
  if (const json::value* example = short_form.if_contains("example")) media["example"] = *example;
  return media;
}

json::object body_of(const json::object& short_form) {
  json::object body;
  body["required"] = !short_form.contains("optional");
  json::object& content = body["content"].emplace_object();
  const json::value* const types = short_form.if_contains("types");
  content[text_of(short_form, "type", json_type)] =
      content_of(short_form, schema_of(short_form.at("schema")));
  if (types != nullptr) {
    for (const auto& [type, media] : types->as_object()) content[type] = media;
  }
  return body;
}

json::object headers_of(const json::array& names) {
  json::object headers;
  for (const json::value& name : names) {
    const std::string_view text = name.as_string();
    headers[text] = reference("headers", text);
  }
  return headers;
}

json::object answer_of(const json::object& short_form) {
  json::object answer;
  answer["description"] = text_of(short_form, "description", "Done");
  if (const json::value* headers = short_form.if_contains("headers")) {
    answer["headers"] = headers_of(headers->as_array());
  }
  if (!short_form.contains("schema")) return answer;
  const std::string_view type = text_of(short_form, "type", json_type);
  json::value schema = schema_of(short_form.at("schema"));
  if (type == json_type && !short_form.contains("bare")) schema = warned(std::move(schema));
  json::object& content = answer["content"].emplace_object();
  content[type] = content_of(short_form, std::move(schema));
  if (const json::value* types = short_form.if_contains("types")) {
    for (const auto& [other, media] : types->as_object()) content[other] = media;
  }
  return answer;
}

/// What a field of the answer says with this status.
json::array header_names(int status) {
  if (status == 401) return {"WWW-Authenticate", "Link"};
  if (status == 423 || status == 429 || status == 503) return {"Retry-After"};
  return {};
}

json::object error_example(std::string_view code, bool is_oauth) {
  const base::CodeFacts& facts = base::facts(base::code_named(code).value());
  if (is_oauth) {
    return {{"error", facts.http_status >= 500 ? "temporarily_unavailable" : "invalid_request"},
            {"error_description", facts.text},
            {"code", code},
            {"requestId", request_id}};
  }
  json::object example{{"error", facts.text}, {"code", code}, {"requestId", request_id}};
  if (!facts.hint.empty()) example["hint"] = facts.hint;
  return example;
}

}  // namespace

OpenApiPart::OpenApiPart(const json::object& shared)
    : sets_(shared.at("errorSets").as_object()), meanings_(shared.at("statuses").as_object()) {}

void OpenApiPart::add(const json::object& part, json::object& paths) {
  for (const auto& [path, operations] : part.at("paths").as_object()) {
    json::object& written = paths[path].emplace_object();
    if (json::array parameters = path_parameters(path); !parameters.empty()) {
      written["parameters"] = std::move(parameters);
    }
    for (const auto& [method, described] : operations.as_object()) {
      written[method] = operation(described.as_object());
    }
  }
  if (const json::value* schemas = part.if_contains("schemas")) {
    for (const auto& [name, schema] : schemas->as_object()) schemas_[name] = schema;
  }
}

json::object OpenApiPart::operation(const json::object& described) {
  json::object written;
  for (const auto& [name, value] : described) {
    if (name == "parameters") {
      written["parameters"] = parameters_of(value);
    } else if (name == "body") {
      written["requestBody"] = body_of(value.as_object());
    } else if (name != "answers" && name != "errors" && name != "errorsAs") {
      written[name] = value;
    }
  }
  if (!written.contains("security")) {
    json::array& security = written["security"].emplace_array();
    for (const char* scheme : {"spaceKey", "spaceKeyBearer"}) {
      security.emplace_back(json::object{{scheme, json::array()}});
    }
  }
  json::object& answers = written["responses"].emplace_object();
  if (const json::value* given = described.if_contains("answers")) {
    for (const auto& [status, answer] : given->as_object()) {
      answers[status] = answer_of(answer.as_object());
    }
  }
  add_errors(described, answers);
  return written;
}

void OpenApiPart::add_errors(const json::object& described, json::object& answers) {
  std::map<int, std::set<std::string>> codes;
  for (const json::value& entry : described.at("errors").as_array()) {
    collect(entry.as_string(), codes);
  }
  const std::string schema(text_of(described, "errorsAs", "SpaceError"));
  for (const auto& [status, names] : codes) {
    answers[std::to_string(status)] = reference("responses", response_named(status, names, schema));
  }
}

void OpenApiPart::collect(std::string_view entry,
                          std::map<int, std::set<std::string>>& codes) const {
  if (entry.starts_with('@')) {
    for (const json::value& inner : sets_.at(entry.substr(1)).as_array()) {
      collect(inner.as_string(), codes);
    }
    return;
  }
  const auto equals = entry.find('=');
  const std::string name(entry.substr(0, equals));
  int status = base::facts(base::code_named(name).value()).http_status;
  if (equals != std::string_view::npos) {
    std::from_chars(entry.data() + equals + 1, entry.data() + entry.size(), status);
  }
  codes[status].insert(name);
}

std::string OpenApiPart::response_named(int status, const std::set<std::string>& codes,
                                        const std::string& schema) {
  const std::string what = fmt::format("{} {} {}", status, schema, fmt::join(codes, " "));
  if (const auto known = names_.find(what); known != names_.end()) return known->second;
  std::string name;
  int number = 0;
  do {
    name = fmt::format("Status{}_{}", status, ++number);
  } while (responses_.contains(name));
  names_.emplace(what, name);

  json::object response;
  response["description"] = meanings_.at(std::to_string(status));
  if (const json::array headers = header_names(status); !headers.empty()) {
    response["headers"] = headers_of(headers);
  }
  const bool is_oauth = schema == "OAuthError";
  json::object code{{"enum", json::array(codes.begin(), codes.end())}};
  json::object narrowed;
  json::array& parts = narrowed["allOf"].emplace_array();
  parts.push_back(reference("schemas", schema));
  parts.push_back(json::object{{"properties", json::object{{"code", std::move(code)}}}});
  json::object& content = response["content"].emplace_object();
  content[json_type] = json::object{{"schema", std::move(narrowed)},
                                    {"example", error_example(*codes.begin(), is_oauth)}};
  if (!is_oauth) content[problem_type] = json::object{{"schema", reference("schemas", "Problem")}};
  responses_[name] = std::move(response);
  return name;
}

}  // namespace kronborg::api

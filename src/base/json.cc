#include "base/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace kronborg::base {
namespace {

using ErrorCode = boost::system::error_code;

/// RFC 6901.
void append_pointer_step(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

/// Builds the value while the text is read, so that a second member of a name is seen when it
/// comes.
struct Builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  struct Open {
    json::value container;
    std::string name;  ///< of the member that is being read
  };

  explicit Builder(const JsonLimits& bounds) : limits(bounds) {}

  JsonLimits limits;
  std::vector<Open> open;
  std::string pending;  ///< parts of a string seen so far
  json::value result;
  std::optional<std::string> repeated;  ///< pointer of a member that appears twice

  bool add(json::value value, ErrorCode& error) {
    if (open.empty()) {
      result = std::move(value);
    } else if (auto* object = open.back().container.if_object()) {
      if (object->size() == limits.members) return refuse(json::error::object_too_large, error);
      object->emplace(open.back().name, std::move(value));
    } else {
      auto& array = open.back().container.get_array();
      if (array.size() == limits.items) return refuse(json::error::array_too_large, error);
      array.push_back(std::move(value));
    }
    return true;
  }
  static bool refuse(json::error why, ErrorCode& error) {
    error = make_error_code(why);
    return false;
  }
  bool close(ErrorCode& error) {
    json::value value = std::move(open.back().container);
    open.pop_back();
    return add(std::move(value), error);
  }
  [[nodiscard]] std::string pointer() const {
    std::string text;
    for (const Open& level : open) {
      if (const auto* array = level.container.if_array()) {
        append_pointer_step(text, std::to_string(array->size()));
      } else {
        append_pointer_step(text, level.name);
      }
    }
    return text;
  }
  std::string take_pending(json::string_view last) {
    pending.append(last.data(), last.size());
    return std::exchange(pending, {});
  }

  // What json::basic_parser calls.
  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) {
    open.push_back({json::object(), {}});
    return true;
  }
  bool on_object_end(std::size_t, ErrorCode& error) { return close(error); }
  bool on_array_begin(ErrorCode&) {
    open.push_back({json::array(), {}});
    return true;
  }
  bool on_array_end(std::size_t, ErrorCode& error) { return close(error); }
  bool on_key_part(json::string_view part, std::size_t, ErrorCode&) {
    pending.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view last, std::size_t, ErrorCode& error) {
    open.back().name = take_pending(last);
    if (!open.back().container.get_object().contains(open.back().name)) return true;
    repeated = pointer();
    return refuse(json::error::syntax, error);
  }
  bool on_string_part(json::string_view part, std::size_t, ErrorCode&) {
    pending.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view last, std::size_t, ErrorCode& error) {
    return add(json::string(take_pending(last)), error);
  }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, ErrorCode& error) {
    return add(number, error);
  }
  bool on_uint64(std::uint64_t number, json::string_view, ErrorCode& error) {
    return add(number, error);
  }
  bool on_double(double number, json::string_view, ErrorCode& error) {
    return std::isfinite(number) ? add(number, error)
                                 : refuse(json::error::exponent_overflow, error);
  }
  bool on_bool(bool value, ErrorCode& error) { return add(value, error); }
  bool on_null(ErrorCode& error) { return add(nullptr, error); }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }
};

Error invalid_json(std::string text, std::size_t offset) {
  return Error(Code::invalid_json, std::move(text))
      .with({.name = "offset", .value = static_cast<std::int64_t>(offset)});
}

std::string reason(const ErrorCode& error) {
  if (error == json::error::too_deep) return "The JSON is nested too deep.";
  if (error == json::error::object_too_large) return "A JSON object has too many members.";
  if (error == json::error::array_too_large) return "A JSON array has too many items.";
  if (error == json::error::incomplete) return "The JSON ends too early.";
  if (error == json::error::exponent_overflow) return "A number of the JSON is too large.";
  return "The body is not acceptable JSON: " + error.message() + ".";
}

void append_string(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '/':
        out += "\\/";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20) {
          out += "\\u00";
          out += digits[byte >> 4U];
          out += digits[byte & 0x0FU];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_canonical(std::string& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(object->size());
    for (const auto& member : *object) members.push_back(&member);
    std::ranges::sort(members, {},
                      [](const auto* member) { return std::string_view(member->key()); });
    char separator = '{';
    for (const auto* member : members) {
      out += std::exchange(separator, ',');
      append_string(out, member->key());
      out += ':';
      append_canonical(out, member->value());
    }
    out += members.empty() ? "{}" : "}";
  } else if (const auto* array = value.if_array()) {
    char separator = '[';
    for (const auto& item : *array) {
      out += std::exchange(separator, ',');
      append_canonical(out, item);
    }
    out += array->empty() ? "[]" : "]";
  } else if (const auto* text = value.if_string()) {
    append_string(out, *text);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

Result<json::value> parse_json(std::string_view text, const JsonLimits& limits) {
  json::parse_options options;
  options.max_depth = limits.depth;
  json::basic_parser<Builder> parser(options, limits);
  ErrorCode error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  Builder& builder = parser.handler();
  if (builder.repeated) {
    Error repeated(Code::duplicate_member);
    repeated.errors.push_back({.pointer = printable(*builder.repeated),
                               .code = "not_allowed",
                               .detail = "The member appears twice."});
    return repeated;
  }
  if (error) return invalid_json(reason(error), read);
  if (read < text.size()) return invalid_json("There are bytes after the JSON value.", read);
  return std::move(builder.result);
}

std::string canonical_json(const json::value& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

std::string to_text(const json::value& value) { return json::serialize(value); }

}  // namespace kronborg::base

#include "api/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/random.h"
#include "base/text.h"

namespace kronborg::api {
namespace {

using base::Code;

std::optional<std::string> decoded(std::string_view part) {
  std::string plain(part);
  std::ranges::replace(plain, '+', ' ');
  auto text = base::percent_decode(plain);
  if (!text || !base::is_utf8(*text)) return std::nullopt;
  return text;
}

}  // namespace

base::Result<Query> Query::read(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    auto name = decoded(part.substr(0, equals));
    auto value =
        decoded(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1));
    if (!name || !value)
      return base::Error(Code::invalid_parameter, "The query is not percent-encoded UTF-8.");
    query.parameters_.push_back({std::move(*name), std::move(*value)});
  }
  return query;
}

const std::string* Query::find(std::string_view name) {
  known_.push_back(name);
  const std::string* value = nullptr;
  for (const Parameter& parameter : parameters_) {
    if (parameter.name != name) continue;
    if (value != nullptr) {
      fault(name, "not_allowed", "The parameter appears twice.");
      return nullptr;
    }
    value = &parameter.value;
  }
  return value;
}

void Query::fault(std::string_view name, std::string_view kind, std::string detail) {
  faults_.add(Code::invalid_parameter, "?" + std::string(name), kind, std::move(detail));
}

std::optional<std::string> Query::text(std::string_view name, std::size_t most) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (const std::size_t count = base::scalar_count(*value); count == 0 || count > most) {
    fault(name, count == 0 ? "too_short" : "too_long",
          fmt::format("It must have 1 to {} characters.", most));
    return std::nullopt;
  }
  if (value->find('\0') != std::string::npos) {
    fault(name, "bad_pattern", "It must not hold U+0000.");
    return std::nullopt;
  }
  return *value;
}

std::optional<bool> Query::flag(std::string_view name) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  fault(name, "not_allowed", "It must be true or false.");
  return std::nullopt;
}

std::optional<std::string> Query::uuid(std::string_view name) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (base::is_uuid(*value)) return base::lower(*value);
  fault(name, "bad_pattern", "It must be a UUID.");
  return std::nullopt;
}

std::optional<std::int64_t> Query::time(std::string_view name) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::string text = *value;
  std::ranges::replace(text, ' ', '+');  // the sign of an offset that was not percent-encoded
  const auto time = base::parse_time(text);
  if (!time)
    fault(name, "bad_pattern", "It must be an RFC 3339 time, for example 2026-01-31T12:00:00Z.");
  return time;
}

std::optional<std::int64_t> Query::integer(std::string_view name, std::int64_t least,
                                           std::int64_t most) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, number);
  if (error == std::errc::invalid_argument || stop != end) {
    fault(name, "wrong_type", "It must be an integer.");
  } else if (error != std::errc() || number < least || number > most) {
    fault(name, "out_of_range", fmt::format("It must be {} to {}.", least, most));
  } else {
    return number;
  }
  return std::nullopt;
}

base::Result<void> Query::finish() {
  for (const Parameter& parameter : parameters_) {
    if (std::ranges::find(known_, parameter.name) != known_.end()) continue;
    faults_.add(Code::unknown_member, "?" + base::printable(parameter.name, 100), "not_allowed",
                unknown_detail("The parameter", parameter.name, known_, "?"));
  }
  return faults_.result();
}

base::Result<void> Query::finish(std::vector<Warning>& warnings) {
  TRY_VOID(faults_.result());
  for (const Parameter& parameter : parameters_) {
    if (std::ranges::find(known_, parameter.name) != known_.end()) continue;
    const auto meant = base::nearest(parameter.name, known_);
    warnings.push_back({.code = "unknown_member",
                        .pointer = "?" + base::printable(parameter.name, 100),
                        .message = "Parameter is not defined here and was ignored.",
                        .did_you_mean = meant ? "?" + std::string(*meant) : ""});
  }
  return {};
}

}  // namespace kronborg::api

#include "api/members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/string.hpp>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/label.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;

constexpr std::int64_t largest_integer = (std::int64_t{1} << 53U) - 1;  // http.md section 5

std::string pointer_to(std::string_view name) {
  std::string pointer = "/";
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

/// http.md section 5: what neither a line nor a text may hold.
bool refused(char32_t scalar, bool lines) {
  if (lines && (scalar == '\t' || scalar == '\n' || scalar == '\r')) return false;
  if (!lines && (scalar == 0x2028 || scalar == 0x2029 || scalar == 0xFEFF)) return true;
  return base::is_control_or_bidi(scalar);
}

std::string_view trimmed(std::string_view text) {
  std::size_t first = 0;
  for (std::size_t next = 0; first < text.size(); first = next) {
    if (!base::is_white_space(base::next_scalar(text, next))) break;
  }
  std::size_t end = first;
  for (std::size_t next = first; next < text.size();) {
    if (!base::is_white_space(base::next_scalar(text, next))) end = next;
  }
  return text.substr(first, end - first);
}

/// `1.0` is an integer, `"1"` is not (http.md section 5).
std::optional<std::int64_t> integer_of(const json::value& value) {
  if (const auto* number = value.if_int64()) return *number;
  if (const auto* number = value.if_double()) {
    const auto limit = static_cast<double>(largest_integer);
    if (std::floor(*number) == *number && std::abs(*number) <= limit)
      return static_cast<std::int64_t>(*number);
  }
  return std::nullopt;
}

}  // namespace

base::Result<Members> Members::read(std::string_view body) {
  if (body.empty()) return Members(json::object());
  TRY(json::value value, base::parse_json(body));
  if (value.is_object()) return Members(std::move(value.get_object()));
  Faults faults;
  faults.add(Code::invalid_member, "", "wrong_type", "The body must be a JSON object.");
  return std::move(faults.result()).error();
}

json::value* Members::find(std::string_view name, Need need) {
  known_.push_back(name);
  json::value* value = object_.if_contains(name);
  if (value != nullptr && !value->is_null()) return value;
  if (need == Need::required) missing(name);
  return nullptr;
}

json::string* Members::text(std::string_view name, Need need) {
  json::value* value = find(name, need);
  if (value == nullptr) return nullptr;
  if (value->is_string()) return &value->get_string();
  fault(name, "wrong_type", "It must be a string.");
  return nullptr;
}

std::optional<std::string> Members::checked(std::string_view name, std::size_t most, Need need,
                                            bool lines) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  const std::string_view line = trimmed(*value);
  for (std::size_t at = 0; at < line.size();) {
    if (!refused(base::next_scalar(line, at), lines)) continue;
    fault(name, "bad_pattern", "It must not hold control or bidirectional characters.");
    return std::nullopt;
  }
  const std::size_t count = base::scalar_count(line);
  if (count == 0) {
    fault(name, "too_short", "It must not be empty.");
  } else if (count > most) {
    fault(name, "too_long", fmt::format("It has {} characters; at most {}.", count, most));
  } else {
    return std::string(line);
  }
  return std::nullopt;
}

std::optional<std::string> Members::line(std::string_view name, std::size_t most, Need need) {
  return checked(name, most, need, false);
}

std::optional<std::string> Members::free_text(std::string_view name, std::size_t most, Need need) {
  return checked(name, most, need, true);
}

std::optional<std::string> Members::label(std::string_view name, Need need) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  auto label = identity::normalise_label(*value);
  if (label) return *label;
  const std::size_t count = base::scalar_count(trimmed(*value));
  const std::string_view kind = count == 0                            ? "too_short"
                                : count > identity::max_label_scalars ? "too_long"
                                                                      : "bad_pattern";
  faults_.add(label.error().code, pointer(name), kind, std::string(label.error().text()));
  return std::nullopt;
}

std::optional<std::optional<std::string>> Members::clearable(std::string_view name,
                                                             std::size_t most) {
  const json::value* value = object_.if_contains(name);
  if (value != nullptr && value->is_null()) {
    known_.push_back(name);
    return std::optional<std::string>();
  }
  if (auto text = free_text(name, most, Need::optional)) return text;
  return std::nullopt;
}

std::optional<std::string> Members::one_of(std::string_view name,
                                           std::span<const std::string_view> values, Need need) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  if (std::ranges::find(values, std::string_view(*value)) != values.end())
    return std::string(*value);
  fault(name, "not_allowed", fmt::format("It must be one of: {}.", fmt::join(values, ", ")));
  return std::nullopt;
}

std::optional<std::string> Members::uuid(std::string_view name, Need need) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  if (base::is_uuid(*value)) return base::lower(*value);
  fault(name, "bad_pattern", "It must be a UUID.");
  return std::nullopt;
}

std::optional<identity::Address> Members::address(std::string_view name, Need need) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  auto address = identity::Address::parse(*value);
  if (!address) {
    faults_.add(Code::address_invalid, pointer(name), "bad_pattern",
                "It must be 0x and 40 hexadecimal digits.");
  }
  return address;
}

std::optional<std::int64_t> Members::integer(std::string_view name, std::int64_t least,
                                             std::int64_t most, Need need) {
  const json::value* value = find(name, need);
  if (value == nullptr) return std::nullopt;
  const auto number = integer_of(*value);
  if (!number && !value->is_number()) {
    fault(name, "wrong_type", "It must be an integer.");
  } else if (!number && value->is_double() &&
             std::floor(value->get_double()) != value->get_double()) {
    fault(name, "wrong_type", "It must be an integer.");
  } else if (!number || *number < least || *number > most) {
    fault(name, "out_of_range", fmt::format("It must be {} to {}.", least, most));
  } else {
    return number;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Members::counter(std::string_view name, Need need) {
  const json::value* member = object_.if_contains(name);
  if (member == nullptr || !member->is_string()) {
    if (const auto number = integer(name, 0, largest_integer, need))
      return static_cast<std::uint64_t>(*number);
    return std::nullopt;
  }
  const json::string& digits = *text(name, need);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error == std::errc::result_out_of_range) {
    fault(name, "out_of_range", "It must be at most 18446744073709551615.");
  } else if (error != std::errc() || end != digits.end() ||
             (digits.size() > 1 && digits.front() == '0')) {
    fault(name, "bad_pattern", "It must be decimal digits.");
  } else {
    return number;
  }
  return std::nullopt;
}

std::optional<bool> Members::flag(std::string_view name) {
  const json::value* value = find(name, Need::optional);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  fault(name, "wrong_type", "It must be true or false.");
  return std::nullopt;
}

std::optional<std::string> Members::bytes(std::string_view name, std::size_t most, Need need) {
  const json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  if (value->find('\0') != json::string::npos) {
    fault(name, "bad_pattern", "It must not hold U+0000.");
    return std::nullopt;
  }
  if (!value->empty() && value->size() <= most) return std::string(*value);
  fault(name, value->empty() ? "too_short" : "too_long",
        fmt::format("It must have 1 to {} bytes.", most));
  return std::nullopt;
}

std::optional<base::SecretText> Members::secret(std::string_view name, std::size_t most,
                                                Need need) {
  json::string* value = text(name, need);
  if (value == nullptr) return std::nullopt;
  if (value->empty() || value->size() > most) {
    fault(name, value->empty() ? "too_short" : "too_long",
          fmt::format("It must have 1 to {} bytes.", most));
    return std::nullopt;
  }
  base::SecretText secret{std::string_view(*value)};
  base::wipe(value->data(), value->size());
  return secret;
}

bool Members::has(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  return value != nullptr && !value->is_null();
}

void Members::fault(std::string_view name, std::string_view kind, std::string detail) {
  faults_.add(Code::invalid_member, pointer(name), kind, std::move(detail));
}

void Members::missing(std::string_view name) {
  faults_.add(Code::missing_member, pointer(name), "required", "It is required.");
}

std::string Members::pointer(std::string_view name) const { return place_ + pointer_to(name); }

base::Result<void> Members::finish() {
  for (const auto& member : object_) {
    const std::string_view name = member.key();
    if (std::ranges::find(known_, name) != known_.end()) continue;
    faults_.add(Code::unknown_member, base::printable(pointer(name), 100), "not_allowed",
                unknown_detail("The member", name, known_, "/"));
  }
  return faults_.result();
}

base::Result<void> Members::finish(std::vector<Warning>& warnings) {
  TRY_VOID(faults_.result());
  for (const auto& member : object_) {
    const std::string_view name = member.key();
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const auto meant = base::nearest(name, known_);
    warnings.push_back({.code = "unknown_member",
                        .pointer = base::printable(pointer(name), 100),
                        .message = "Member is not defined here and was ignored.",
                        .did_you_mean = meant ? pointer(*meant) : ""});
  }
  return {};
}

}  // namespace kronborg::api

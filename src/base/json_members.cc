#include "base/json_members.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace kronborg::base {
namespace {

constexpr std::int64_t largest_integer = (std::int64_t{1} << 53U) - 1;

std::optional<std::int64_t> integer_of(const json::value& value) {
  if (const auto* number = value.if_int64()) return *number;
  if (value.if_uint64() != nullptr) return std::nullopt;  // only above 2^63-1
  const double* const number = value.if_double();
  if (number == nullptr || std::abs(*number) > static_cast<double>(largest_integer) ||
      *number != std::trunc(*number)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

json::value sorted(const json::value& value) {
  if (const auto* array = value.if_array()) {
    json::array items;
    items.reserve(array->size());
    for (const auto& item : *array) items.push_back(sorted(item));
    return items;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  std::vector<const json::key_value_pair*> members;
  members.reserve(object->size());
  for (const auto& member : *object) members.push_back(&member);
  std::ranges::sort(members, {},
                    [](const auto* member) { return std::string_view(member->key()); });
  json::object out;
  out.reserve(members.size());
  for (const auto* member : members) out.emplace(member->key(), sorted(member->value()));
  return out;
}

}  // namespace

const json::value* set_member(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member == nullptr || member->is_null() ? nullptr : member;
}

bool read_text(const json::object& object, std::string_view name, std::string& out) {
  const auto* member = set_member(object, name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr) return false;
  out.assign(text->begin(), text->end());
  return true;
}

bool read_text(const json::object& object, std::string_view name, std::optional<std::string>& out) {
  out.reset();
  if (set_member(object, name) == nullptr) return true;
  return read_text(object, name, out.emplace());
}

bool read_integer(const json::object& object, std::string_view name, std::int64_t& out) {
  const auto* member = set_member(object, name);
  const auto number = member == nullptr ? std::nullopt : integer_of(*member);
  if (!number || *number < -largest_integer || *number > largest_integer) return false;
  out = *number;
  return true;
}

bool read_plain_u64(const json::object& object, std::string_view name, std::uint64_t& out) {
  const auto* member = set_member(object, name);
  if (member == nullptr) return false;
  if (const auto* large = member->if_uint64()) {
    out = *large;
    return true;
  }
  const auto* number = member->if_int64();
  if (number == nullptr || *number < 0) return false;
  out = static_cast<std::uint64_t>(*number);
  return true;
}

std::string sorted_json(const json::value& value) { return to_text(sorted(value)); }

SecretText secret_json(json::object members) {
  json::value given(std::move(members));
  json::value ordered = sorted(given);
  wipe_texts(given);
  std::string text = to_text(ordered);
  wipe_texts(ordered);
  SecretText secret(text);
  wipe(text.data(), text.size());
  return secret;
}

void wipe_texts(json::value& value) {
  if (auto* text = value.if_string()) {
    wipe(text->data(), text->size());
  } else if (auto* members = value.if_object()) {
    for (auto& member : *members) wipe_texts(member.value());
  } else if (auto* items = value.if_array()) {
    for (auto& item : *items) wipe_texts(item);
  }
}

}  // namespace kronborg::base

#include "app/config_values.h"

#include <fmt/format.h>

#include <charconv>

namespace kronborg::app {
namespace {

using base::Code;
using base::Error;
using base::Result;

constexpr std::int64_t max_rate = 1'000'000'000;

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return items;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<Rate> rate_of(std::optional<std::int64_t> quota,
                            std::optional<std::int64_t> window_s) {
  const auto fits = [](const auto& number) {
    return number && *number >= 1 && *number <= max_rate;
  };
  if (!fits(quota) || !fits(window_s)) return std::nullopt;
  return Rate{*quota, *window_s};
}

std::string_view wanted(ValueType type) {
  switch (type) {
    case ValueType::text:
      return "text";
    case ValueType::flag:
      return "true or false";
    case ValueType::number:
      return "a number, 0 or more";
    case ValueType::texts:
      return "a list of texts";
    case ValueType::rate:
      return "[requests, seconds], two numbers from 1 to 1,000,000,000";
  }
  return "";
}

Error wrong(const ConfigKey& key, std::string_view place) {
  return {Code::config_invalid, fmt::format("{} must be {}", full_name(key), wanted(key.type)),
          fmt::format("it is set by {}", place)};
}

std::optional<std::int64_t> number_of(const toml::node& node) {
  const auto* number = node.as_integer();
  if (number == nullptr || number->get() < 0) return std::nullopt;
  return number->get();
}

std::optional<ConfigValue> list_of(const toml::array& array, ValueType type) {
  if (type == ValueType::rate) {
    if (array.size() != 2) return std::nullopt;
    const auto rate = rate_of(number_of(*array.get(0)), number_of(*array.get(1)));
    if (!rate) return std::nullopt;
    return ConfigValue(*rate);
  }
  std::vector<std::string> items;
  for (const auto& item : array) {
    if (!item.is_string()) return std::nullopt;
    items.push_back(item.as_string()->get());
  }
  return ConfigValue(std::move(items));
}

}  // namespace

std::string full_name(const ConfigKey& key) { return fmt::format("{}.{}", key.section, key.key); }

Result<ConfigValue> value_from_text(const ConfigKey& key, std::string_view text,
                                    std::string_view source) {
  switch (key.type) {
    case ValueType::text:
      return ConfigValue(std::string(text));
    case ValueType::texts:
      return ConfigValue(split_list(text));
    case ValueType::flag:
      if (text == "true" || text == "1") return ConfigValue(true);
      if (text == "false" || text == "0") return ConfigValue(false);
      break;
    case ValueType::number:
      if (const auto number = number_in(text)) return ConfigValue(*number);
      break;
    case ValueType::rate: {
      const auto parts = split_list(text);
      if (parts.size() != 2) break;
      if (const auto rate = rate_of(number_in(parts[0]), number_in(parts[1])))
        return ConfigValue(*rate);
    }
  }
  return wrong(key, source);
}

Result<ConfigValue> value_from_toml(const ConfigKey& key, const toml::node& node,
                                    const std::string& where) {
  switch (key.type) {
    case ValueType::text:
      if (const auto* text = node.as_string()) return ConfigValue(text->get());
      break;
    case ValueType::flag:
      if (const auto* flag = node.as_boolean()) return ConfigValue(flag->get());
      break;
    case ValueType::number:
      if (const auto number = number_of(node)) return ConfigValue(*number);
      break;
    case ValueType::texts:
    case ValueType::rate:
      if (const auto* array = node.as_array()) {
        if (auto value = list_of(*array, key.type)) return *std::move(value);
      }
  }
  return wrong(key, where);
}

base::json::value json_of(const ConfigValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return base::json::value(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return base::json::value(*flag);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return base::json::value(*number);
  if (const auto* rate = std::get_if<Rate>(&value))
    return base::json::array{rate->quota, rate->window_s};
  base::json::array items;
  for (const auto& item : std::get<std::vector<std::string>>(value)) items.emplace_back(item);
  return items;
}

}  // namespace kronborg::app

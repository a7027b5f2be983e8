#include "app/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>

#include "app/config_values.h"
#include "base/file.h"
#include "base/text.h"

namespace kronborg::app {
namespace {

using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t max_file_bytes = 1U << 20U;

Error unknown_key(std::string_view name, std::span<const ConfigKey> known,
                  const std::string& where) {
  std::vector<std::string> names;
  for (const auto& key : known) names.push_back(full_name(key));
  std::vector<std::string_view> views(names.begin(), names.end());
  const auto near = base::nearest(name, views, 3);
  return {Code::config_invalid,
          fmt::format("unknown configuration key {} in {}", base::printable(name), where),
          near ? fmt::format("did you mean {}?", *near)
               : "see 'kronborg config show' for the known keys"};
}

std::string place(const std::filesystem::path& file, const toml::node& node) {
  return fmt::format("{}:{}", file.string(), node.source().begin.line);
}

Result<UpstreamConfig> read_upstream(const toml::table& table, const std::filesystem::path& file) {
  UpstreamConfig upstream;
  upstream.source = place(file, table);
  for (const auto& [name, node] : table) {
    const auto where = place(file, node);
    const auto* key = std::ranges::find(upstream_keys(), name.str(), &ConfigKey::key).base();
    if (key == upstream_keys().data() + upstream_keys().size()) {
      return unknown_key(fmt::format("gate.upstream.{}", name.str()), upstream_keys(), where);
    }
    TRY(auto value, value_from_toml(*key, node, where));
    auto& member = key->key == "path"  ? upstream.path
                   : key->key == "url" ? upstream.url
                                       : upstream.authorization;
    member = std::get<std::string>(value);
  }
  if (upstream.url.empty()) {
    return Error(Code::config_invalid,
                 fmt::format("gate.upstream in {} has no url", upstream.source),
                 "add url = \"http://127.0.0.1:11434\"");
  }
  return upstream;
}

std::string hidden(const std::string& written) {
  if (written.empty() || written.starts_with("env:") || written.starts_with("file:"))
    return written;
  return "(set)";
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value =
        std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe): before threads
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Config::Config() {
  for (const auto& key : config_keys()) {
    auto value = value_from_text(key, key.standard, "default");
    entries_[full_name(key)] = Entry{&key, *std::move(value), "default"};
  }
}

Result<Config> Config::load(const std::filesystem::path& file, bool required,
                            const Environment& environment) {
  std::string text;
  std::error_code ignored;
  if (required || std::filesystem::exists(file, ignored)) {
    TRY(text, base::read_file(file, max_file_bytes));
  }
  return from_text(text, file, environment);
}

Result<Config> Config::from_text(std::string_view text, const std::filesystem::path& file,
                                 const Environment& environment) {
  Config config;
  config.file_ = file;
  TRY_VOID(config.read_text(text));
  TRY_VOID(config.read_environment(environment));
  return config;
}

Result<void> Config::read_text(std::string_view text) {
  const auto& file = file_;
  toml::table root;
  try {
    root = toml::parse(text, file.string());
  } catch (const toml::parse_error& failure) {
    return Error(Code::config_invalid,
                 fmt::format("{}:{}: {}", file.string(), failure.source().begin.line,
                             base::printable(failure.description(), 300)));
  }
  for (const auto& [section, node] : root) {
    const auto* table = node.as_table();
    if (table == nullptr) return unknown_key(section.str(), config_keys(), place(file, node));
    for (const auto& [name, value] : *table) {
      const auto where = place(file, value);
      if (section.str() == "gate" && name.str() == "upstream") {
        const auto* list = value.as_array();
        if (list == nullptr || !list->is_homogeneous<toml::table>()) {
          return Error(Code::config_invalid,
                       fmt::format("gate.upstream in {} must be [[gate.upstream]] tables", where));
        }
        for (const auto& item : *list) {
          TRY(auto upstream, read_upstream(*item.as_table(), file));
          upstreams_.push_back(std::move(upstream));
        }
        continue;
      }
      const auto found = entries_.find(fmt::format("{}.{}", section.str(), name.str()));
      if (found == entries_.end()) {
        return unknown_key(fmt::format("{}.{}", section.str(), name.str()), config_keys(), where);
      }
      TRY(found->second.value, value_from_toml(*found->second.key, value, where));
      found->second.source = where;
    }
  }
  return {};
}

Result<void> Config::read_environment(const Environment& environment) {
  for (auto& [name, entry] : entries_) {
    std::string variable = "KRONBORG_" + name;
    for (auto& c : variable)
      c = c == '.' || c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    const auto text = environment(variable);
    if (!text) continue;
    TRY(entry.value, value_from_text(*entry.key, *text, variable));
    entry.source = "environment " + variable;
  }
  return {};
}

Result<void> Config::set(std::string_view name, const ConfigValue& value, std::string source) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return unknown_key(name, config_keys(), source);
  if (found->second.value.index() != value.index()) {
    return Error(Code::config_invalid, fmt::format("{} has another type", name));
  }
  found->second.value = value;
  found->second.source = std::move(source);
  return {};
}

const Config::Entry& Config::entry(std::string_view name) const {
  return entries_.find(name)->second;
}
const std::string& Config::text(std::string_view name) const {
  return std::get<std::string>(entry(name).value);
}
bool Config::flag(std::string_view name) const { return std::get<bool>(entry(name).value); }
std::int64_t Config::number(std::string_view name) const {
  return std::get<std::int64_t>(entry(name).value);
}
const std::vector<std::string>& Config::texts(std::string_view name) const {
  return std::get<std::vector<std::string>>(entry(name).value);
}
Rate Config::rate(std::string_view name) const { return std::get<Rate>(entry(name).value); }
const std::string& Config::source(std::string_view name) const { return entry(name).source; }

base::json::value Config::view() const {
  base::json::array settings;
  const auto add = [&](std::string_view name, base::json::value value, std::string_view source) {
    settings.emplace_back(
        base::json::object{{"key", name}, {"value", std::move(value)}, {"source", source}});
  };
  for (const auto& [name, entry] : entries_) {
    add(name,
        entry.key->secret ? base::json::value(hidden(std::get<std::string>(entry.value)))
                          : json_of(entry.value),
        entry.source);
  }
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    const auto& upstream = upstreams_[i];
    const auto name = [i](std::string_view key) {
      return fmt::format("gate.upstream[{}].{}", i, key);
    };
    add(name("path"), upstream.path.c_str(), upstream.source);
    add(name("url"), upstream.url.c_str(), upstream.source);
    if (!upstream.authorization.empty()) {
      add(name("authorization"), hidden(upstream.authorization).c_str(), upstream.source);
    }
  }
  return base::json::object{{"file", file_.string()}, {"settings", std::move(settings)}};
}

}  // namespace kronborg::app

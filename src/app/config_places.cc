#include <fmt/format.h>

#include "app/config.h"
#include "base/file.h"

namespace kronborg::app {

using base::Code;
using base::Error;
using base::Result;

Result<base::SecretText> resolve_secret(std::string_view written, const Environment& environment) {
  if (written.starts_with("env:")) {
    auto value = environment(written.substr(4));
    if (!value) {
      return Error(Code::config_invalid,
                   fmt::format("the environment has no {}", written.substr(4)),
                   "set it, or write the value another way");
    }
    base::SecretText secret(*value);
    base::wipe(value->data(), value->size());
    return secret;
  }
  if (written.starts_with("file:")) {
    TRY(auto text, base::read_file(std::string(written.substr(5)), 64U << 10U));
    std::string_view line = text;
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    base::SecretText secret(line);
    base::wipe(text.data(), text.size());
    return secret;
  }
  return base::SecretText(written);
}

Result<std::filesystem::path> data_folder(const Environment& environment) {
  const auto set = [&](std::string_view name) {
    auto value = environment(name);
    return value && !value->empty() ? value : std::nullopt;
  };
  if (auto home = set("KRONBORG_HOME")) return std::filesystem::path(*home);
  if (auto data = set("XDG_DATA_HOME")) return std::filesystem::path(*data) / "kronborg";
  if (auto home = set("HOME")) return std::filesystem::path(*home) / ".local/share/kronborg";
  return Error(Code::config_invalid,
               "no data folder: neither KRONBORG_HOME, XDG_DATA_HOME nor HOME is set",
               "set KRONBORG_HOME to a folder of your own");
}

std::filesystem::path config_file(const Environment& environment) {
  const auto value = [&](std::string_view name) { return environment(name).value_or(""); };
  if (const auto file = value("KRONBORG_CONFIG"); !file.empty()) return file;
  if (const auto config = value("XDG_CONFIG_HOME"); !config.empty()) {
    return std::filesystem::path(config) / "kronborg/config.toml";
  }
  return std::filesystem::path(value("HOME")) / ".config/kronborg/config.toml";
}

std::string config_template() {
  std::string text =
      "# kronborg configuration. Every key is shown with its default; remove the # to set it.\n";
  std::string_view section;
  const auto line = [&](const ConfigKey& key) {
    std::string value;
    switch (key.type) {
      case ValueType::text:
        value = fmt::format("\"{}\"", key.standard);
        break;
      case ValueType::texts:
        value = key.standard.empty() ? "[]" : fmt::format("[\"{}\"]", key.standard);
        break;
      case ValueType::rate:
        value = fmt::format("[{}]", key.standard);
        break;
      default:
        value = key.standard;
    }
    text += fmt::format("# {:<16} = {:<24} # {}\n", key.key, value, key.meaning);
  };
  for (const auto& key : config_keys()) {
    if (key.section != section) text += fmt::format("\n[{}]\n", key.section);
    section = key.section;
    line(key);
  }
  text += "\n# One table per upstream:\n# [[gate.upstream]]\n";
  for (const auto& key : upstream_keys()) line(key);
  return text;
}

}  // namespace kronborg::app

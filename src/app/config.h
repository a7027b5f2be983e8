#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config_keys.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"

namespace kronborg::app {

/// So many requests in so many seconds (docs/protocol/http.md section 10).
struct Rate {
  std::int64_t quota = 1;
  std::int64_t window_s = 1;
};

using ConfigValue = std::variant<std::string, bool, std::int64_t, std::vector<std::string>, Rate>;

/// One [[gate.upstream]] table as written.
struct UpstreamConfig {
  std::string path;
  std::string url;
  std::string authorization;  ///< as written: text, env:NAME or file:PATH
  std::string source;
};

/// Where values come from: a function like getenv, so that tests choose the environment.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

/// The effective configuration: defaults, then the file, then KRONBORG_<SECTION>_<KEY>, then
/// options. Every value knows its source. Unknown keys are errors that name the nearest known one.
class Config {
 public:
  /// `required`: the file was named by the user and must exist. Error: config_invalid with file and
  /// line.
  static base::Result<Config> load(const std::filesystem::path& file, bool required,
                                   const Environment& environment);

  /// The same from a text; `file` is its name in errors.
  static base::Result<Config> from_text(std::string_view text, const std::filesystem::path& file,
                                        const Environment& environment);

  /// An option of the command line; overrides everything. Error: config_invalid.
  base::Result<void> set(std::string_view name, const ConfigValue& value, std::string source);
  void add_upstream(UpstreamConfig upstream) { upstreams_.push_back(std::move(upstream)); }
  void clear_upstreams() { upstreams_.clear(); }

  [[nodiscard]] const std::string& text(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::int64_t number(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& texts(std::string_view name) const;
  [[nodiscard]] Rate rate(std::string_view name) const;
  [[nodiscard]] const std::string& source(std::string_view name) const;
  [[nodiscard]] const std::vector<UpstreamConfig>& upstreams() const { return upstreams_; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  /// `{"file", "settings": [{"key", "value", "source"}, …]}` for `config show`; secrets hidden.
  [[nodiscard]] base::json::value view() const;

 private:
  struct Entry {
    const ConfigKey* key = nullptr;
    ConfigValue value;
    std::string source;
  };
  Config();
  base::Result<void> read_text(std::string_view text);
  base::Result<void> read_environment(const Environment& environment);
  [[nodiscard]] const Entry& entry(std::string_view name) const;

  std::filesystem::path file_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<UpstreamConfig> upstreams_;
};

/// The value behind a secret setting: the text itself, env:NAME or file:PATH. Error:
/// config_invalid.
base::Result<base::SecretText> resolve_secret(std::string_view written,
                                              const Environment& environment);

/// $KRONBORG_HOME, else $XDG_DATA_HOME/kronborg, else ~/.local/share/kronborg. Error:
/// config_invalid.
base::Result<std::filesystem::path> data_folder(const Environment& environment);
/// $KRONBORG_CONFIG, else $XDG_CONFIG_HOME/kronborg/config.toml, else
/// ~/.config/kronborg/config.toml.
std::filesystem::path config_file(const Environment& environment);
/// The file that `config init` writes: every key with its meaning and default, commented out.
std::string config_template();

}  // namespace kronborg::app

#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>

#include "app/config.h"

namespace kronborg::app {

/// section.key
std::string full_name(const ConfigKey& key);

/// A value as the environment writes it: lists and rates joined by commas. Error: config_invalid,
/// which names `source`.
base::Result<ConfigValue> value_from_text(const ConfigKey& key, std::string_view text,
                                          std::string_view source);

/// A value as the file writes it. Error: config_invalid, which names `where`.
base::Result<ConfigValue> value_from_toml(const ConfigKey& key, const toml::node& node,
                                          const std::string& where);

base::json::value json_of(const ConfigValue& value);

}  // namespace kronborg::app

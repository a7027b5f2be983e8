#pragma once

#include <span>
#include <string_view>

namespace kronborg::app {

enum class ValueType : unsigned char { text, flag, number, texts, rate };

/// One configuration key: its name in the file, its type and what it is when nobody sets it.
struct ConfigKey {
  std::string_view section;
  std::string_view key;
  ValueType type;
  std::string_view standard;  ///< default; lists are joined by commas
  std::string_view meaning;
  bool secret = false;  ///< shown as "(set)"; may be written env:NAME or file:PATH
};

/// Every key that may stand in the file, outside [[gate.upstream]] (docs/protocol/cli.md,
/// http.md 1.3).
std::span<const ConfigKey> config_keys();
/// The keys of one [[gate.upstream]] table.
std::span<const ConfigKey> upstream_keys();

}  // namespace kronborg::app

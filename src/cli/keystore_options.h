#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/context.h"

namespace kronborg::cli {

/// The options that `init` and `recover` share: which keystore, and what it may replace.
struct KeystoreOptions {
  std::optional<std::string> keystore;
  std::optional<std::string> passphrase_file;
  std::optional<std::string> recovery_dir;
  bool no_pin = false;
  bool replace = false;

  void add_to(CLI::App& command);
  /// The kind that was asked for, else the configuration's.
  base::Result<std::string> kind(const Context& context) const;
  /// Puts `keystore`, its passphrase or PIN, and `recoveryDir` into a request; asks on the terminal
  /// for what is missing.
  base::Result<void> fill(const Context& context, base::json::object& request) const;
};

/// Says what dies, and lets the old address be typed. `survivor`: the identity that comes, when it
/// is known.
base::Result<std::string> confirm_replacement(Context& context, const std::string& survivor);

}  // namespace kronborg::cli

#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace kronborg::cli {

/// What can be said of a space when it is made and later.
struct SpaceSettings {
  std::optional<std::string> description, agenda_file, ttl, approval, require_verified;
  std::optional<int> retention;
  bool is_public = false;
};

void takes_settings(CLI::App* verb, SpaceSettings& settings);
/// The members for what was given, but `ttl`. Errors: file_error, usage.
base::Result<void> put_settings(base::json::object& body, const SpaceSettings& settings);

}  // namespace kronborg::cli

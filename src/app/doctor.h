#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/json.h"

namespace kronborg::app {

class App;

enum class Severity : unsigned char { note, warning, error };

/// One thing that was looked at, and how to repair it.
struct Finding {
  std::string check;  ///< "file modes", "clock", …
  bool ok = true;
  Severity severity = Severity::error;
  std::string message;
  std::string repair;
};

/// Everything that can be looked at with the parts open: clock, exposure, mDNS, file modes,
/// keystore, upstreams, store, drift between stored and derived addresses.
std::vector<Finding> examine(App& app);

/// What can be looked at when the parts could not be opened.
std::vector<Finding> examine_folder(const std::filesystem::path& data_folder);

/// An array of `{"check", "ok", "severity", "message", "repair"?}`.
base::json::value findings_json(const std::vector<Finding>& findings);

}  // namespace kronborg::app

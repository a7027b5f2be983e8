#pragma once

#include <string>

#include "base/error.h"
#include "base/json.h"

namespace kronborg::cli {

/// Exit codes of docs/protocol/cli.md.
enum Exit : int { done = 0, local_error = 1, server_error = 2, denied = 3 };

/// What the management API answered.
struct Reply {
  int status = 0;
  std::string content_type;
  std::string body;
  base::json::value value;  ///< the body, when it is JSON

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

/// The error that a refused reply stands for.
base::Error error_of(const Reply& reply);
int exit_code_of(const base::Error& error);

}  // namespace kronborg::cli

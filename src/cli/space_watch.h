#pragma once

#include "base/json.h"

namespace kronborg::cli {

/// One line: number, time, whether the sender has proven an address, name, text.
void print_message(const base::json::value& message);

}  // namespace kronborg::cli

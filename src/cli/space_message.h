#pragma once

#include "base/json.h"

namespace kronborg::cli {

/// One message: number, time, whether the address of its sender is proven, sender, text. Further
/// lines of the text are indented, so that none passes for a message of its own.
void print_message(const base::json::value& message);

/// One event of the stream (docs/protocol/spaces.md section 8.4) in one line; nothing for one that
/// says nothing to a reader.
void print_event(std::string_view event, const base::json::value& data);

}  // namespace kronborg::cli

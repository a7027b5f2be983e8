#pragma once

#include <optional>

#include "base/error.h"
#include "spaces/directory.h"

namespace kronborg::api {

/// What is said of a key that has ended: `reason` and `endedAt` (docs/protocol/spaces.md section
/// 11.2). Never said of a live one.
base::Error ended(const spaces::DeadKey& dead);
/// The same for what was found; key_unknown for a key of which nothing is known any more.
base::Error ended(const spaces::Found& found);
/// What is said of the key's space when that has ended; nothing when it is open, or gone with all
/// that was known of it.
std::optional<base::Error> ended_space(const spaces::DeadKey& dead);

}  // namespace kronborg::api

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kronborg::identity {

inline constexpr std::size_t max_label_scalars = 80;

/// docs/protocol/identity.md section 5.4, for labels of keys and names of agents: each run of white
/// space becomes one space, the ends are cut; then 1..80 scalar values without control and
/// bidirectional characters. Error: label_invalid (also for text that is not UTF-8).
base::Result<std::string> normalise_label(std::string_view text);

}  // namespace kronborg::identity

#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "spaces/act.h"
#include "sql/database.h"

namespace kronborg::spaces {

/// What others keep count of.
struct SweepTally {
  std::int64_t removed_answers = 0;
};

/// One kind of thing that comes due.
struct SweepStep {
  /// Finds a row when something is due; `$1` is the present less `age_ms`.
  sql::Text ask;
  std::int64_t age_ms;
  /// One transaction's worth of it; false when there was less than that.
  base::Result<bool> (*perform)(Act& act, SweepTally& tally);
  int most;   ///< transactions in one round
  bool ends;  ///< must have happened before the first request is answered
};

/// In the order in which they are done.
std::span<const SweepStep> sweep_steps();

}  // namespace kronborg::spaces

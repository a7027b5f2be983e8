#include "spaces/sweep.h"

#include <vector>

#include "spaces/act.h"
#include "spaces/sweep_steps.h"

namespace kronborg::spaces {
namespace {

using Due = std::vector<const SweepStep*>;

/// The steps that have something to do, all asked in one transaction.
base::Result<Due> find_due(const Parts& parts, std::int64_t now_ms, bool only_ends) {
  Due due;
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    due.clear();
    for (const SweepStep& step : sweep_steps()) {
      if (only_ends && !step.ends) continue;
      TRY(const auto found, transaction(step.ask, now_ms - step.age_ms));
      if (!found.rows.empty()) due.push_back(&step);
    }
    return {};
  }));
  return due;
}

base::Result<bool> perform_once(const Parts& parts, const SweepStep& step, SweepTally& tally) {
  bool is_full = false;
  SweepTally once;
  TRY_VOID(parts.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    Act act(parts, transaction, parts.time.now_ms(), {});
    once = {};
    TRY(is_full, step.perform(act, once));
    return {};
  }));
  tally.removed_answers += once.removed_answers;
  return is_full;
}

base::Result<void> perform(const Parts& parts, const SweepStep& step, SweepTally& tally) {
  for (int done = 0; done < step.most; ++done) {
    TRY(const bool is_full, perform_once(parts, step, tally));
    if (!is_full) break;
  }
  return {};
}

}  // namespace

base::Result<void> Sweep::run_once() {
  const std::int64_t now_ms = parts_.time.now_ms();
  base::Result<void> first;
  TRY(const Due due, find_due(parts_, now_ms, false));
  SweepTally tally;
  for (const SweepStep* step : due) {
    auto performed = perform(parts_, *step, tally);
    if (first && !performed) first = std::move(performed);
  }
  removed_answers_ += tally.removed_answers;
  if (now_ms - stored_clock_ms_ >= clock_step_ms) {
    auto stored = store_clock();
    if (first && !stored) first = std::move(stored);
  }
  return first;
}

base::Result<void> Sweep::store_clock() {
  const std::int64_t now_ms = parts_.time.now_ms();
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(transaction("UPDATE space_counter SET clock_ms = $1 WHERE one = 1 AND clock_ms < $1",
                         now_ms));
    return {};
  }));
  stored_clock_ms_ = now_ms;
  return {};
}

base::Result<void> load_clock(const Parts& parts) {
  return parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto stored, transaction("SELECT clock_ms FROM space_counter WHERE one = 1"));
    if (stored.rows.empty()) return base::Code::store_damaged;
    parts.time.not_before(stored.rows.front().integer(0));
    return {};
  });
}

base::Result<void> catch_up(const Parts& parts) {
  SweepTally tally;
  for (;;) {
    TRY(const Due due, find_due(parts, parts.time.now_ms(), true));
    if (due.empty()) return {};
    for (const SweepStep* step : due) TRY_VOID(perform(parts, *step, tally));
  }
}

}  // namespace kronborg::spaces

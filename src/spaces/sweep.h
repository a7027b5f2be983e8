#pragma once

#include <cstdint>
#include <utility>

#include "base/result.h"
#include "spaces/parts.h"

namespace kronborg::spaces {

/// What happens in spaces by itself, when its time has come (docs/protocol/spaces.md sections 4.4,
/// 6.2, 9.3, 11.2 and 11.4): ends of spaces, keys, joins and locks; the notice 300 s before a `ttl`
/// end; the erasing of content and, 90 days later, of what was left; what is only kept for a while.
/// For one thread, which calls run_once() every second.
class Sweep {
 public:
  /// `parts` outlives it.
  explicit Sweep(const Parts& parts) : parts_(parts) {}

  /// One round, in small transactions and not more of them than a second can bear: what is left
  /// comes with the next round. When nothing is due it asks the store once and changes nothing.
  /// Error: the first of a step; the other steps were tried all the same.
  base::Result<void> run_once();
  /// Writes the time, so that what has ended stays ended when clocks step back; run_once() does so
  /// every 10 s. To be called at the end of the process.
  base::Result<void> store_clock();
  /// How many stored answers have been removed since the last call.
  std::int64_t take_removed_answers() { return std::exchange(removed_answers_, 0); }

 private:
  static constexpr std::int64_t clock_step_ms = 10'000;

  const Parts& parts_;
  std::int64_t stored_clock_ms_ = 0;
  std::int64_t removed_answers_ = 0;
};

/// Before anything else at a start: from now on nothing is earlier than the time that was stored.
base::Result<void> load_clock(const Parts& parts);

/// All ends that came while nobody served, in full: before the first request is answered. Does not
/// erase content.
base::Result<void> catch_up(const Parts& parts);

}  // namespace kronborg::spaces

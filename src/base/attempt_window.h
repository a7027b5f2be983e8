#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/source_address.h"

namespace kronborg::base {

/// How often one source may try.
struct AttemptRule {
  std::size_t attempts = 5;  ///< per sliding window
  std::int64_t window_ms = 60'000;
  std::int64_t cooldown_over_ms = 0;  ///< at least this long nothing, once it is over
  std::size_t sources = 4096;         ///< remembered
};

/// Attempts per source in a sliding window, with cooldowns (docs/protocol/pairing.md section 1).
/// Refused attempts are not counted. When all places are taken, the source that tried last the
/// longest ago and has no cooldown is forgotten; when there is none, new sources are refused.
/// Starts empty. Thread-safe: one short lock.
class AttemptWindow {
 public:
  AttemptWindow(const Clock& clock, AttemptRule rule) : clock_(clock), rule_(rule) {}

  /// Counts an attempt. Nothing: it may go on; else the seconds until one may (1 or more).
  std::optional<std::int64_t> admit(const Source& source);
  /// All attempts of the source are refused for this long.
  void cool_down(const Source& source, std::int64_t ms);

  [[nodiscard]] std::size_t sources() const;

 private:
  using Idle = std::list<Source>;  ///< in the order of the last attempt
  struct Entry {
    std::vector<std::int64_t> tried_ms;  ///< within the window, oldest first
    std::int64_t cool_until_ms = 0;
    std::int64_t cool_ms = 0;  ///< how long that cooldown was meant to be
    Idle::iterator place;
  };

  Entry* entry_of(const Source& source, std::int64_t now_ms);
  void catch_up(Entry& entry, std::int64_t now_ms) const;
  [[nodiscard]] std::int64_t first_free_ms(std::int64_t now_ms);

  // Constant after construction.
  const Clock& clock_;
  const AttemptRule rule_;
  // Guarded by mutex_. Ordered by address, so that outsiders who choose theirs gain nothing.
  mutable std::mutex mutex_;
  std::map<Source, Entry> entries_;
  Idle idle_;
};

}  // namespace kronborg::base

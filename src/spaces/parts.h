#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "sql/database.h"

namespace kronborg::spaces {

class Directory;
class Feed;

// docs/protocol/spaces.md section 14.
inline constexpr std::int64_t max_participants = 200;
inline constexpr std::int64_t max_pending_joins = 50;
inline constexpr std::int64_t max_live_invitations = 50;
inline constexpr std::int64_t max_invitation_uses = 100;
inline constexpr std::int64_t max_messages = 100'000;
inline constexpr std::size_t max_message_bytes = 65'536;
inline constexpr std::int64_t max_artifacts = 500;
inline constexpr std::size_t max_artifact_bytes = 1'048'576;
inline constexpr std::int64_t max_content_bytes = 256LL << 20U;  ///< artifacts with history, per
                                                                 ///< space
inline constexpr std::int64_t max_revisions_with_content = 1'000;
inline constexpr std::int64_t max_signatures = 1'000;  ///< per artifact
inline constexpr std::int64_t max_audit_entries = 50'000;
inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t unused_after_ms = 7 * day_ms;
inline constexpr std::int64_t ownerless_after_ms = 7 * day_ms;
inline constexpr std::int64_t join_request_ms = 7 * day_ms;
inline constexpr std::int64_t dead_key_ms = 90 * day_ms;

/// Wall-clock time that never goes back (docs/protocol/spaces.md section 15): the later of the
/// clock and of every time that was ever stored or answered. Thread-safe.
class Time {
 public:
  explicit Time(const base::Clock& clock) : clock_(clock) {}
  [[nodiscard]] std::int64_t now_ms() {
    std::int64_t latest = latest_.load();
    const std::int64_t now = clock_.now_ms();
    while (now > latest && !latest_.compare_exchange_weak(latest, now)) {
    }
    return now > latest ? now : latest;
  }
  /// A time that was stored: from now on nothing is earlier.
  void not_before(std::int64_t at_ms) {
    std::int64_t latest = latest_.load();
    while (at_ms > latest && !latest_.compare_exchange_weak(latest, at_ms)) {
    }
  }

 private:
  const base::Clock& clock_;
  std::atomic<std::int64_t> latest_{0};
};

/// Shared by the nouns of this folder; owned by app. Everything in it outlives them.
struct Parts {
  sql::Database& database;
  Time& time;
  base::Random& random;
  Directory& directory;
  Feed& feed;
  std::string origin;               ///< own origin, no trailing '/'
  std::string service_name;         ///< in cards
  std::int64_t max_open = 100'000;  ///< open spaces
};

}  // namespace kronborg::spaces

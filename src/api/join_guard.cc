#include "api/join_guard.h"

namespace kronborg::api {

std::optional<std::int64_t> JoinGuard::closed_for(const std::string& participant_id,
                                                  std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = guesses_.find(participant_id);
  if (found == guesses_.end()) return std::nullopt;
  const std::int64_t over_at_ms = found->second.since_ms + closed_ms;
  if (over_at_ms <= now_ms) {
    guesses_.erase(found);
    return std::nullopt;
  }
  if (found->second.wrong < most_wrong) return std::nullopt;
  return (over_at_ms - now_ms + 999) / 1000;
}

void JoinGuard::wrong(const std::string& participant_id, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (guesses_.size() >= max_entries && !guesses_.contains(participant_id)) {
    boost::unordered::erase_if(
        guesses_, [&](const auto& entry) { return entry.second.since_ms + closed_ms <= now_ms; });
    // Full of live ones: a guess that is not counted is one of 2^256.
    if (guesses_.size() >= max_entries) return;
  }
  Guesses& guesses = guesses_[participant_id];
  if (guesses.wrong == 0 || guesses.since_ms + closed_ms <= now_ms) {
    guesses = {.wrong = 0, .since_ms = now_ms};
  }
  if (++guesses.wrong == most_wrong) guesses.since_ms = now_ms;
}

}  // namespace kronborg::api

#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace kronborg::api {

/// Guesses at join tokens (docs/protocol/spaces.md section 6.2): after 20 wrong ones for one
/// participant id, that id answers 429 for 10 minutes. Bounded. Thread-safe.
class JoinGuard {
 public:
  static constexpr int most_wrong = 20;
  static constexpr std::int64_t closed_ms = 600'000;
  /// Seconds until the id answers again; nothing when it does.
  [[nodiscard]] std::optional<std::int64_t> closed_for(const std::string& participant_id,
                                                       std::int64_t now_ms);
  void wrong(const std::string& participant_id, std::int64_t now_ms);

 private:
  static constexpr std::size_t max_entries = 100'000;
  struct Guesses {
    int wrong = 0;
    std::int64_t since_ms = 0;  ///< first wrong one, or when it closed
  };
  std::mutex mutex_;
  boost::unordered_flat_map<std::string, Guesses> guesses_;  // guarded by mutex_
};

}  // namespace kronborg::api

#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "spaces/directory.h"

namespace kronborg::api {

/// When keys and their holders were last used: kept in memory at each request and written to the
/// store in the background, each key at most once a minute, so that a read costs no commit.
/// Bounded. Thread-safe.
class LastSeen {
 public:
  static constexpr std::int64_t exact_to_ms = 60'000;  ///< docs/protocol/spaces.md section 2

  struct Use {
    spaces::Caller caller;
    std::int64_t at_ms = 0;
    std::string source_address, request_id;
  };
  void note(const spaces::Caller& caller, std::int64_t at_ms, std::string_view source_address,
            std::string_view request_id);
  /// Of a participant or invitation; nothing when memory knows of none.
  [[nodiscard]] std::optional<std::int64_t> of(const spaces::Uuid& holder) const;
  /// What the store is to be told: key.first_used, last_used_at_ms, last_seen_at_ms. Of the first
  /// uses, which say more than a time, at most `most_firsts`; of the others at most `most`.
  std::vector<Use> collect(std::size_t most_firsts, std::size_t most);

 private:
  struct IdHash {
    using is_avalanching = void;
    std::size_t operator()(const spaces::Uuid& id) const;
  };
  static constexpr std::size_t max_entries = 200'000;
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  boost::unordered_flat_map<spaces::Uuid, std::int64_t, IdHash> seen_;     // by holder
  boost::unordered_flat_map<spaces::Uuid, std::int64_t, IdHash> written_;  // by key
  std::vector<Use> first_uses_, later_uses_;                               // not collected yet
};

}  // namespace kronborg::api

#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/router.h"
#include "api/space_call.h"
#include "base/result.h"
#include "credential/space_key.h"
#include "spaces/parts.h"

namespace kronborg::api {

// docs/protocol/http.md section 11.
inline constexpr std::int64_t answer_retention_ms = 24LL * 60 * 60 * 1000;
inline constexpr std::int64_t dead_replay_ms = 10LL * 60 * 1000;
inline constexpr std::int64_t max_answers_per_key = 5'000;
inline constexpr std::int64_t max_answers = 200'000;

/// A request of a space that carries an Idempotency-Key.
struct RepeatableCall {
  std::string scope;        ///< hex of SHA-256 over method, path, key, join token and the field
  std::string fingerprint;  ///< hex of SHA-256 over what was asked
  std::string credential;   ///< hash of the space key
  std::string key;          ///< value of the field
  base::SecretText secret;  ///< 32 bytes of the space key, then of the join token if one was sent
  bool own_secret = true;   ///< the credential is known to this caller alone
};

/// Answers of spaces that may be asked for again: stored in the transaction of their effect, sealed
/// under the caller's own secret when they hold one. Thread-safe.
class SpaceAnswers {
 public:
  /// How many are stored is counted once, at start.
  static base::Result<std::unique_ptr<SpaceAnswers>> open(const spaces::Parts& parts);
  explicit SpaceAnswers(const spaces::Parts& parts, std::int64_t stored)
      : parts_(parts), stored_(stored) {}

  /// Marks the request as running. False: the first one still runs (idempotency_in_flight).
  [[nodiscard]] bool begin(const std::string& scope);
  void end(const std::string& scope);

  /// The stored answer; nothing when there is none. Error: idempotency_mismatch. `dead`: the
  /// credential has ended; only what ended it is answered, for dead_replay_ms.
  base::Result<std::optional<Response>> find(sql::Transaction& transaction,
                                             const RepeatableCall& call, std::int64_t now_ms,
                                             bool dead) const;
  /// Errors: idempotency_capacity; the transaction must then fail.
  base::Result<void> store(sql::Transaction& transaction, const RepeatableCall& call,
                           const Response& response, const std::vector<std::string>& secrets,
                           bool ends_caller, std::int64_t now_ms);
  /// So many were removed by the sweep.
  void removed(std::int64_t count) { stored_ -= count; }

 private:
  const spaces::Parts& parts_;
  std::atomic<std::int64_t> stored_;
  std::mutex mutex_;
  boost::unordered_flat_set<std::string> running_;  // guarded by mutex_
};

/// `path` without the query; `secret` as in RepeatableCall. Error: idempotency_key_invalid.
base::Result<RepeatableCall> repeatable_call(const Request& request,
                                             const credential::SpaceKey& key,
                                             const std::optional<credential::SpaceKey>& join_token,
                                             bool is_join);

}  // namespace kronborg::api

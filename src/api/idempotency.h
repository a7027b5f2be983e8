#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/router.h"
#include "authority/authority.h"
#include "base/result.h"

namespace kronborg::api {

// docs/protocol/http.md section 11.
inline constexpr std::int64_t idempotency_retention_ms = 24LL * 60 * 60 * 1000;
inline constexpr std::int64_t idempotency_release_ms = 60'000;
inline constexpr std::int64_t max_idempotency_records = 5'000;  ///< the owner is one credential

/// The value of the field: bare text, or an RFC 8941 String. Error: idempotency_key_invalid.
base::Result<std::string> read_idempotency_key(std::string_view field);

/// One request that carries a key.
struct Repeatable {
  std::string scope;  ///< hex of SHA-256 over method, path and key; the owner is the only caller
  std::string fingerprint;  ///< hex of SHA-256 over what was asked; members that hold a secret left
                            ///< out
  std::string request_id;
};
Repeatable repeatable(const Request& request, std::string_view key);

/// Makes POST repeatable for 24 hours. The mark that a request runs is durable before its effect,
/// the answer is stored after it. When the process dies between the two, the audit row of the
/// effect, which is in the effect's own transaction and names the request, tells whether it took
/// place: a request that did nothing is run anew, one that did something never is. Thread-safe.
class Idempotency {
 public:
  explicit Idempotency(const authority::Parts& parts);

  /// Nothing: run it, then call finish(), release() or leave(). An answer: the stored one. Errors:
  /// idempotency_mismatch, idempotency_in_flight, idempotency_capacity; conflict when it took
  /// effect but its answer was lost; those of the store.
  base::Result<std::optional<Response>> begin(const Repeatable& request);
  /// Stores the answer, which must hold no secret. When that fails the mark stays, and a repeat is
  /// judged as after a crash.
  void finish(const Repeatable& request, const Response& answer);
  /// It had no effect and its answer is of a kind that is evaluated anew: the mark goes.
  void release(const Repeatable& request);
  /// A fault of the server: the mark stays, and a repeat is judged as after a crash.
  void leave(const Repeatable& request);

 private:
  base::Result<std::optional<Response>> look(sql::Transaction& transaction,
                                             const Repeatable& request, bool mine);
  base::Result<void> mark(sql::Transaction& transaction, const Repeatable& request);
  base::Result<void> take_over(sql::Transaction& transaction, const Repeatable& request,
                               const sql::Row& row);

  // Constant after construction.
  const authority::Parts& parts_;
  std::string process_;  ///< who sets a mark
  // Guarded by mutex_.
  std::mutex mutex_;
  std::set<std::string> running_;  ///< scopes of requests that run in this process
};

/// Whether the answer of a finished operation is stored: 2xx, and 4xx that do not describe a
/// passing state.
bool is_stored_status(int status);

}  // namespace kronborg::api

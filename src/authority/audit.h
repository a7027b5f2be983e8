#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authority/authority.h"
#include "base/error.h"
#include "base/json.h"
#include "base/result.h"

namespace kronborg::authority {

/// What happened, for one audit row. Never a key, code, word list or token.
struct AuditEntry {
  std::string_view type;  ///< `<noun>.<verb>`: key.mint, agent.rotate, gate.refuse …
  std::string subject;    ///< id or address
  base::json::object detail;
};

/// Appends a row within the transaction of the operation itself; returns its sequence number, which
/// rises with every row. The row joins a chain of SHA-256 hashes.
base::Result<std::int64_t> record_audit(sql::Transaction& transaction, const Parts& parts,
                                        const Actor& actor, AuditEntry entry);

/// The audit log (docs/protocol/identity.md section 10). Thread-safe.
class Audit {
 public:
  explicit Audit(const Parts& parts) : parts_(parts) {}

  struct Filter {
    std::optional<std::string> type;  ///< a type, or the noun before its dot
    std::optional<std::int64_t> since_ms;
  };
  /// Oldest first; the position of a row is its sequence number.
  base::Result<Listed<AuditEvent>> list(const Filter& filter, const Page& page);

  struct Finding {
    std::int64_t rows = 0;                  ///< rows looked at
    std::optional<std::int64_t> broken_at;  ///< first row that is altered or missing
  };
  /// Recomputes the whole chain.
  base::Result<Finding> verify();

  /// Sequence number of the newest committed row. One atomic load.
  [[nodiscard]] std::int64_t newest_seq() const { return parts_.signals.audit.load(); }

  /// Remembers the first refusal per (reason, source address, minute). Memory only and bounded;
  /// what goes beyond 256 sources in a minute is counted in one row.
  void note_refusal(base::Code code, std::string_view source);
  /// Writes what was remembered. Called in the background every few seconds, and at the end.
  base::Result<void> flush_refusals();

 private:
  // Constant after construction.
  Parts parts_;
  // Guarded by mutex_.
  using RefusalKey = std::pair<base::Code, std::string>;  ///< reason, source address
  std::mutex mutex_;
  std::int64_t minute_ = 0;
  std::set<RefusalKey> seen_;  ///< of this minute
  std::vector<RefusalKey> pending_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace kronborg::authority

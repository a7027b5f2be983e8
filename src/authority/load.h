#pragma once

#include <cstdint>
#include <string>

#include "authority/authority.h"
#include "base/result.h"

namespace kronborg::authority {

/// Makes the committed state of the store the current policy of the board, once, at start and
/// before anything is served. Finishes a set-up or a recovery that was cut off between keystore and
/// store. Error
/// store_damaged: the keystore and the store do not belong together (an existing keystore with a
/// store that knows nothing of it included), or rows are missing. An empty or damaged revocation
/// store is never "nothing revoked" (docs/protocol/identity.md section 8).
base::Result<void> load_policy(const Parts& parts);

/// The whole policy as the store has it. Error: store_damaged when rows are missing.
base::Result<Policy> read_policy(sql::Transaction& transaction);

/// Canonical JSON for KeyHolder::rewrite_bundle: docs/protocol/identity.md 14.2 without `v` and
/// `master`.
base::Result<std::string> bundle_content(sql::Database& database, const base::Clock& clock);

struct Counts {
  std::int64_t agents = 0;
  std::int64_t keys = 0;  ///< all records
  std::int64_t active_keys = 0;
  std::int64_t legacy_keys = 0;
  std::int64_t whitelist = 0;    ///< entries of all lists
  std::int64_t revocations = 0;  ///< entries
  std::int64_t thresholds = 0;
  std::int64_t audit = 0;  ///< rows
};
base::Result<Counts> counts(const Parts& parts);

}  // namespace kronborg::authority

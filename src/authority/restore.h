#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/authority.h"
#include "base/result.h"
#include "identity/recovery_bundle.h"
#include "keyholder/keyholder.h"
#include "keyholder/staged_files.h"

// Keystore, bundle and store change as one step (docs/protocol/identity.md section 14.3), though
// they are two places. The commit of the rows is the point where the new identity counts: a row
// that says which files are about to get their names lies in the store before they do, and after a
// crash the next start puts the old ones back, or, behind the commit, removes them.

namespace kronborg::authority {

/// A recovery whose files are about to be put in place.
struct PendingRecovery {
  IdentityFacts facts;
  bool from_bundle = true;  ///< else from the 24 words
  identity::EarlierKeys earlier = identity::EarlierKeys::keep;
  std::optional<std::int64_t> bundle_updated_at;  ///< Unix seconds; of the bundle that was opened
  std::string content;                            ///< identity::read_bundle_content
  std::vector<keyholder::PlacedFile> files;
};
base::Result<void> write_pending(sql::Transaction& transaction, const PendingRecovery& pending);
/// In the transaction of the rows: from here on the new files count.
base::Result<void> write_committed(sql::Transaction& transaction, const PendingRecovery& pending);
/// The files have their names and nothing of before is left.
base::Result<void> clear_pending(sql::Transaction& transaction);

/// Puts the recovered identity in the place of the one that was there. What is there of another
/// identity goes: agents, key records, whitelists. What is there of the same identity is newer than
/// the bundle and stays; agents that the store has never heard of come back. Revocations are added;
/// thresholds, counters and index marks rise, never fall. Turns the pending row into one that says
/// which files go. Publishes after the commit. Errors: bundle_unsupported, those of the store.
base::Result<void> restore(sql::Transaction& transaction, const Parts& parts, const Actor& actor,
                           const PendingRecovery& pending);

/// At start, before the keystore is looked at: a recovery that was cut off before its commit is
/// undone, one behind it is tidied up. Where the file system could not exchange names and so
/// nothing can be undone, the rows follow the files.
base::Result<void> settle_recovery(const Parts& parts);

}  // namespace kronborg::authority

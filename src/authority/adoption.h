#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "base/result.h"

// Keystore and store are two places that cannot change in one step. A row in identity_intent stands
// in the store while the keystore is being made, so that a crash in between is seen and finished.

namespace kronborg::authority {

struct Intent {
  std::optional<std::string> recovery_folder;
};
base::Result<std::optional<Intent>> read_intent(sql::Transaction& transaction);
base::Result<void> write_intent(sql::Transaction& transaction, const Intent& intent,
                                std::int64_t now_ms);
base::Result<void> clear_intent(sql::Transaction& transaction);

/// What belongs to one identity only: agents, key records, whitelists, unrevoked devices.
base::Result<void> remove_records(sql::Transaction& transaction);
/// In the place of the row that was there.
base::Result<void> write_identity(sql::Transaction& transaction, const IdentityFacts& facts);

/// Puts `facts` in the place of the identity that was there, removes agents, key records and
/// whitelists of that one and its unrevoked devices, clears the intent, and publishes after the
/// commit.
base::Result<void> adopt(sql::Transaction& transaction, const Parts& parts, const Actor& actor,
                         const IdentityFacts& facts);

}  // namespace kronborg::authority

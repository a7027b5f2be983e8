#pragma once

#include <optional>
#include <string>

#include "authority/authority.h"
#include "base/result.h"

namespace kronborg::authority {

/// Who else may issue keys (docs/protocol/identity.md section 7). Thread-safe.
class Whitelist {
 public:
  explicit Whitelist(const Parts& parts) : parts_(parts) {}

  /// `agent_id` nothing: the master list. An address that is listed already gets the new label.
  /// Errors: agent_not_found, label_invalid (an empty label is fine).
  base::Result<WhitelistEntry> add(const Actor& actor, const identity::Address& address,
                                   const std::optional<std::string>& agent_id,
                                   const std::string& label);
  /// Errors: whitelist_not_found, agent_not_found.
  base::Result<void> remove(const Actor& actor, const identity::Address& address,
                            const std::optional<std::string>& agent_id);
  base::Result<Listed<WhitelistEntry>> list(const Page& page);

 private:
  Parts parts_;
};

}  // namespace kronborg::authority

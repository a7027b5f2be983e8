#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authority/authority.h"
#include "base/result.h"

// Revocation within a transaction (docs/protocol/identity.md section 8).

namespace kronborg::authority {

/// What becomes refused. Published before the transaction that records it is committed, so that a
/// store that fails leaves the keys refused; memory only ever refuses more than the store.
struct Denial {
  std::vector<std::pair<identity::Address, std::string>> keys;  ///< issuer, nonce
  std::vector<std::pair<identity::Address, std::uint64_t>> thresholds;

  void apply(Policy& policy) const;
};
void publish(PolicyBoard& board, const Denial& denial);

/// Records an entry; false when there was one.
base::Result<bool> add_revocation(sql::Transaction& transaction, const identity::Address& issuer,
                                  std::string_view nonce, std::optional<std::int64_t> expires_at,
                                  std::int64_t now_ms);

/// Raises threshold(issuer) to `value` if it is lower (thresholds never fall) and marks the records
/// that it hits; the number of those that were not revoked before.
base::Result<std::int64_t> raise_threshold(sql::Transaction& transaction,
                                           const identity::Address& issuer, std::uint64_t value,
                                           std::string_view reason, std::int64_t now_ms);

/// retire(address) of section 4 for `agent`, and its audit detail is the caller's; the number of
/// keys revoked. Publishes the denial.
base::Result<std::int64_t> retire(sql::Transaction& transaction, const Parts& parts,
                                  const AgentRecord& agent);

/// For on_commit(): takes the address and its lists out of the policy.
void forget_agent(Policy& policy, const identity::Address& address);

}  // namespace kronborg::authority

#include "authority/denial.h"

#include <algorithm>

#include "authority/rows.h"

namespace kronborg::authority {

namespace {

base::Result<void> add_to_total(sql::Transaction& transaction, std::string_view name,
                                std::int64_t count) {
  TRY(const auto answer,
      transaction("UPDATE totals SET total = total + $1 WHERE name = $2", count, name));
  if (answer.changed != 1) {
    return base::Error(base::Code::store_damaged,
                       "The totals of the revocation store are missing.");
  }
  return {};
}

}  // namespace

void Denial::apply(Policy& policy) const {
  std::vector<RevocationSet::Entry> entries;
  entries.reserve(keys.size());
  for (const auto& [issuer, nonce] : keys) {
    entries.push_back(policy.revocations.entry(issuer, nonce));
  }
  policy.revocations.add(entries);
  for (const auto& [issuer, value] : thresholds) {
    const auto [place, is_new] = policy.thresholds.try_emplace(issuer, value);
    if (!is_new) place->second = std::max(place->second, value);
  }
}

void publish(PolicyBoard& board, const Denial& denial) {
  board.publish([&](Policy& policy) { denial.apply(policy); });
}

base::Result<bool> add_revocation(sql::Transaction& transaction, const identity::Address& issuer,
                                  std::string_view nonce, std::optional<std::int64_t> expires_at,
                                  std::int64_t now_ms) {
  TRY(const auto answer,
      transaction("INSERT INTO revocations (issuer, nonce, expires_at, revoked_at_ms) "
                  "VALUES ($1, $2, $3, $4) ON CONFLICT (issuer, nonce) DO NOTHING",
                  issuer.lower(), stored_nonce(nonce), expires_at, now_ms));
  if (answer.changed > 0) TRY_VOID(add_to_total(transaction, "revocations", answer.changed));
  return answer.changed > 0;
}

base::Result<std::int64_t> raise_threshold(sql::Transaction& transaction,
                                           const identity::Address& issuer, std::uint64_t value,
                                           std::string_view reason, std::int64_t now_ms) {
  TRY(const auto before, read_threshold(transaction, issuer));
  if (!before) {
    TRY_VOID(transaction("INSERT INTO thresholds (issuer, threshold) VALUES ($1, $2)",
                         issuer.lower(), sql::u64_text(value)));
    TRY_VOID(add_to_total(transaction, "thresholds", 1));
  } else if (*before < value) {
    TRY_VOID(transaction("UPDATE thresholds SET threshold = $2 WHERE issuer = $1", issuer.lower(),
                         sql::u64_text(value)));
  }
  TRY(const auto marked,
      transaction("UPDATE access_keys SET revoked_at_ms = $3, revoked_reason = $4 "
                  "WHERE issuer = $1 AND counter <= $2 AND revoked_at_ms IS NULL",
                  issuer.lower(), sql::u64_text(value), now_ms, reason));
  return marked.changed;
}

base::Result<std::int64_t> retire(sql::Transaction& transaction, const Parts& parts,
                                  const AgentRecord& agent) {
  const std::int64_t now_ms = parts.clock.now_ms();
  const std::string reason = "agent";
  TRY(const auto last, read_last_counter(transaction, agent.address));
  const std::uint64_t threshold =
      std::max(last.value_or(0), static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 0)));
  Denial denial;
  denial.thresholds.emplace_back(agent.address, threshold);

  TRY(const auto keys, transaction("UPDATE access_keys SET revoked_at_ms = $2, revoked_reason = $3 "
                                   "WHERE audience = $1 AND revoked_at_ms IS NULL "
                                   "RETURNING issuer, nonce, expires_at",
                                   agent.address.lower(), now_ms, reason));
  for (const sql::Row& row : keys.rows) {
    TRY(const auto issuer, address_from(row.text(0)));
    TRY(auto nonce, nonce_from(row.text(1)));
    TRY_VOID(add_revocation(transaction, issuer, nonce, row.maybe_integer(2), now_ms));
    denial.keys.emplace_back(issuer, std::move(nonce));
  }
  TRY(const auto more, raise_threshold(transaction, agent.address, threshold, reason, now_ms));
  TRY_VOID(transaction("DELETE FROM whitelist WHERE list = $1", agent.id));
  publish(parts.board, denial);
  return static_cast<std::int64_t>(keys.rows.size()) + more;
}

void forget_agent(Policy& policy, const identity::Address& address) {
  policy.agents.erase(address);
  policy.agent_whitelists.erase(address);
}

}  // namespace kronborg::authority

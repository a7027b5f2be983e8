#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <utility>

#include "authority/access_keys.h"
#include "authority/audit.h"
#include "authority/key_rows.h"
#include "authority/revocation_set.h"
#include "authority/rows.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/label.h"

namespace kronborg::authority {

namespace {

// 9999-12-31T23:59:59Z: keys made elsewhere may name any time up to 2^53-1.
constexpr std::int64_t last_printable_second = 253'402'300'799;

base::Result<bool> add_up(sql::Transaction& transaction, const Usage& usage) {
  TRY(const auto updated,
      transaction("UPDATE access_keys SET use_count = use_count + $3, last_used_from = "
                  "CASE WHEN last_used_at_ms > $4 THEN last_used_from ELSE $5 END, "
                  "last_used_at_ms = CASE WHEN last_used_at_ms > $4 THEN last_used_at_ms ELSE $4 "
                  "END WHERE issuer = $1 AND nonce = $2",
                  usage.issuer.lower(), stored_nonce(usage.nonce), usage.count, usage.last_ms,
                  usage.last_source));
  return updated.changed > 0;
}

base::Result<bool> is_revoked(sql::Transaction& transaction, const Usage& usage) {
  TRY(const auto entry, transaction("SELECT 1 FROM revocations WHERE issuer = $1 AND nonce = $2",
                                    usage.issuer.lower(), stored_nonce(usage.nonce)));
  TRY(const auto threshold, read_threshold(transaction, usage.issuer));
  return !entry.rows.empty() || (threshold && usage.counter <= *threshold);
}

/// The record of a key made elsewhere; nothing when its audience is gone meanwhile.
base::Result<std::optional<KeyRecord>> foreign_record(sql::Transaction& transaction,
                                                      const Parts& parts, const Usage& usage) {
  TRY(const auto identity, read_identity(transaction));
  TRY(const auto agent,
      transaction("SELECT id FROM agents WHERE address = $1", usage.audience.lower()));
  const bool master_scope = identity && identity->master == usage.audience;
  if (!master_scope && agent.rows.empty()) return std::optional<KeyRecord>();
  const auto shown = base::first_scalars(usage.label, identity::max_label_scalars);
  KeyRecord key{.id = base::uuid4(parts.random),
                .label = base::printable(shown),
                .nonce = usage.nonce,
                .hint = usage.hint,
                .issuer = usage.issuer,
                .audience = usage.audience,
                .counter = usage.counter,
                .agent_id = {},
                .master_scope = master_scope,
                .created_at_ms = std::min(usage.issued_at, last_printable_second) * 1000,
                .expires_at = usage.expires_at,
                .last_used_at_ms = usage.last_ms,
                .last_used_from = usage.last_source,
                .use_count = static_cast<std::int64_t>(usage.count),
                .revoked_at_ms = {},
                .revoked_reason = {},
                .source = {},
                .legacy = false};
  if (!master_scope) key.agent_id = agent.rows.front().text(0);
  // The same id as the gate names it by, when the issuer is one of ours.
  const std::string own = own_key_id(usage.nonce);
  TRY(const auto issuer_agent,
      transaction("SELECT 1 FROM agents WHERE address = $1", usage.issuer.lower()));
  const bool own_issuer =
      (identity && identity->master == usage.issuer) || !issuer_agent.rows.empty();
  if (own_issuer && !own.empty()) {
    TRY(const auto taken, transaction("SELECT 1 FROM access_keys WHERE id = $1", own));
    if (taken.rows.empty()) key.id = own;
  }
  TRY(const bool revoked, is_revoked(transaction, usage));
  if (revoked) key.revoked_at_ms = parts.clock.now_ms();
  return std::optional(std::move(key));
}

base::Result<void> insert_foreign(sql::Transaction& transaction, const Parts& parts,
                                  const KeyRecord& key, const Usage& use) {
  base::json::object detail;
  detail["label"] = key.label;
  detail["hint"] = key.hint;
  detail["issuer"] = key.issuer.text();
  const Actor actor{.actor = "system", .source_address = use.last_source, .request_id = ""};
  TRY(const auto seq,
      record_audit(transaction, parts, actor,
                   {.type = "key.record", .subject = key.id, .detail = std::move(detail)}));
  return insert_key(transaction, key, seq);
}

}  // namespace

/// The keys made elsewhere that have a record, known without asking the store: an issuer may make
/// as many keys as it likes, and beyond max_foreign_records each of them costs a look-up in memory.
struct AccessKeys::ForeignRecords {
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const RevocationSet::Entry& entry) const { return entry.low; }
  };

  static base::Result<std::shared_ptr<ForeignRecords>> read(
      sql::Transaction& transaction, std::optional<identity::Address> master) {
    auto records = std::make_shared<ForeignRecords>();
    records->of = master;
    TRY(const auto answer,
        transaction("SELECT issuer, nonce FROM access_keys WHERE source IS NULL"));
    for (const sql::Row& row : answer.rows) {
      const auto issuer = identity::Address::parse(row.text(0));
      TRY(const auto nonce, nonce_from(row.text(1)));
      if (issuer) records->known.insert(records->digests.entry(*issuer, nonce));
    }
    return records;
  }

  [[nodiscard]] bool full() const {
    return known.size() >= static_cast<std::size_t>(max_foreign_records);
  }

  RevocationSet digests;                ///< one key in 16 bytes
  std::optional<identity::Address> of;  ///< the master whose records they are
  boost::unordered_flat_set<RevocationSet::Entry, Hash> known;
};

base::Result<void> AccessKeys::record_usage(std::span<const Usage> usage) {
  if (usage.empty()) return {};
  return parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    const auto policy = parts_.board.current();
    if (!foreign_ || foreign_->of != policy->master) {
      TRY(foreign_, ForeignRecords::read(transaction, policy->master));
    }
    bool recorded = false;
    for (const Usage& use : usage) {
      const auto entry = foreign_->digests.entry(use.issuer, use.nonce);
      const bool own = use.issuer == policy->master || policy->agents.contains(use.issuer);
      if (!own && foreign_->full() && !foreign_->known.contains(entry)) continue;
      TRY(const bool known, add_up(transaction, use));
      if (known || foreign_->full()) continue;
      TRY(const auto key, foreign_record(transaction, parts_, use));
      if (!key) continue;
      TRY_VOID(insert_foreign(transaction, parts_, *key, use));
      foreign_->known.insert(entry);
      recorded = true;
    }
    if (recorded) {
      transaction.on_commit([&board = parts_.board] {
        if (board.current()->any_key_record) return;
        board.publish([](Policy& policy) { policy.any_key_record = true; });
      });
    }
    return {};
  });
}

}  // namespace kronborg::authority

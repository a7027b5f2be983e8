#include <map>
#include <utility>

#include "authority/load.h"
#include "authority/rows.h"
#include "identity/bundle_content.h"

namespace kronborg::authority {

namespace {

using identity::BundleContent;

base::Result<void> read_agents(sql::Transaction& transaction, BundleContent& content) {
  TRY(const auto answer,
      transaction("SELECT id, name, key_index, scope, address FROM agents ORDER BY seq"));
  for (const sql::Row& row : answer.rows) {
    TRY(const auto address, address_from(row.text(4)));
    content.agents.push_back(
        {.id = row.text(0),
         .name = row.text(1),
         .key = {.scope = row.text(3), .index = static_cast<std::uint32_t>(row.integer(2))},
         .address = address});
  }
  return {};
}

base::Result<void> read_whitelists(sql::Transaction& transaction, BundleContent& content) {
  TRY(const auto own, transaction("SELECT address FROM whitelist WHERE list = '' ORDER BY seq"));
  for (const sql::Row& row : own.rows) {
    TRY(const auto address, address_from(row.text(0)));
    content.master_whitelist.push_back(address);
  }
  TRY(const auto lists,
      transaction("SELECT agents.address, whitelist.address FROM whitelist "
                  "JOIN agents ON agents.id = whitelist.list ORDER BY whitelist.seq"));
  for (const sql::Row& row : lists.rows) {
    TRY(const auto agent, address_from(row.text(0)));
    TRY(const auto address, address_from(row.text(1)));
    content.agent_whitelists[agent].push_back(address);
  }
  return {};
}

base::Result<void> read_revocations(sql::Transaction& transaction, std::int64_t now,
                                    BundleContent& content) {
  TRY(const auto answer,
      transaction("SELECT issuer, nonce, expires_at FROM revocations "
                  "WHERE expires_at IS NULL OR expires_at > $1 ORDER BY issuer, nonce",
                  now));
  content.revocations.reserve(answer.rows.size());
  for (const sql::Row& row : answer.rows) {
    TRY(const auto issuer, address_from(row.text(0)));
    TRY(auto nonce, nonce_from(row.text(1)));
    content.revocations.push_back(
        {.issuer = issuer, .nonce = std::move(nonce), .expires_at = row.maybe_integer(2)});
  }
  return {};
}

base::Result<void> read_counters(const base::Result<sql::Answer>& answer,
                                 std::map<identity::Address, std::uint64_t>& counters) {
  if (!answer) return answer.error();
  for (const sql::Row& row : answer->rows) {
    TRY(const auto issuer, address_from(row.text(0)));
    TRY(counters[issuer], counter_from(row.text(1)));
  }
  return {};
}

}  // namespace

base::Result<std::string> bundle_content(sql::Database& database, const base::Clock& clock) {
  BundleContent content;
  TRY_VOID(database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    content = {};
    TRY_VOID(read_agents(transaction, content));
    TRY_VOID(read_whitelists(transaction, content));
    TRY_VOID(read_revocations(transaction, clock.now(), content));
    TRY_VOID(
        read_counters(transaction("SELECT issuer, threshold FROM thresholds"), content.thresholds));
    TRY_VOID(
        read_counters(transaction("SELECT issuer, last_counter FROM counters"), content.counters));
    TRY(const auto marks, transaction("SELECT scope, next_index FROM index_marks"));
    for (const sql::Row& row : marks.rows) content.indices[row.text(0)] = row.integer(1);
    return {};
  }));
  return identity::bundle_content_text(content);
}

base::Result<Counts> counts(const Parts& parts) {
  Counts counts;
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer,
        transaction(
            "SELECT (SELECT COUNT(*) FROM agents), (SELECT COUNT(*) FROM access_keys), "
            "(SELECT COUNT(*) FROM access_keys WHERE revoked_at_ms IS NULL AND "
            "(expires_at IS NULL OR expires_at > $1)), "
            "(SELECT COUNT(*) FROM access_keys WHERE revoked_at_ms IS NULL AND expires_at IS NULL "
            "AND (source IS NULL OR source = 'pairing') AND NOT EXISTS (SELECT 1 FROM agents "
            "WHERE agents.address = access_keys.audience)), (SELECT COUNT(*) FROM whitelist), "
            "(SELECT COUNT(*) FROM revocations), (SELECT COUNT(*) FROM thresholds), "
            "(SELECT COUNT(*) FROM audit)",
            parts.clock.now()));
    const sql::Row& row = answer.rows.at(0);
    counts = {.agents = row.integer(0),
              .keys = row.integer(1),
              .active_keys = row.integer(2),
              .legacy_keys = row.integer(3),
              .whitelist = row.integer(4),
              .revocations = row.integer(5),
              .thresholds = row.integer(6),
              .audit = row.integer(7)};
    return {};
  }));
  return counts;
}

}  // namespace kronborg::authority

#include <utility>

#include "authority/load.h"
#include "authority/rows.h"
#include "base/json.h"

namespace kronborg::authority {

namespace {

using base::json::array;
using base::json::object;

base::Result<array> agents_of(sql::Transaction& transaction) {
  TRY(const auto answer,
      transaction("SELECT id, name, key_index, scope, address FROM agents ORDER BY seq"));
  array agents;
  for (const sql::Row& row : answer.rows) {
    TRY(const auto address, address_from(row.text(4)));
    agents.push_back(object{{"id", row.text(0)},
                            {"name", row.text(1)},
                            {"index", row.integer(2)},
                            {"scope", row.text(3)},
                            {"address", address.text()}});
  }
  return agents;
}

base::Result<object> whitelists_of(sql::Transaction& transaction) {
  array master;
  TRY(const auto own, transaction("SELECT address FROM whitelist WHERE list = '' ORDER BY seq"));
  for (const sql::Row& row : own.rows) master.emplace_back(row.text(0));
  object agents;
  TRY(const auto lists,
      transaction("SELECT agents.address, whitelist.address FROM whitelist "
                  "JOIN agents ON agents.id = whitelist.list ORDER BY whitelist.seq"));
  for (const sql::Row& row : lists.rows) {
    if (!agents.contains(row.text(0))) agents[row.text(0)] = array();
    agents[row.text(0)].as_array().emplace_back(row.text(1));
  }
  return object{{"master", std::move(master)}, {"agents", std::move(agents)}};
}

base::Result<array> revocations_of(sql::Transaction& transaction, std::int64_t now) {
  TRY(const auto answer,
      transaction("SELECT issuer, nonce, expires_at FROM revocations "
                  "WHERE expires_at IS NULL OR expires_at > $1 ORDER BY issuer, nonce",
                  now));
  array revocations;
  for (const sql::Row& row : answer.rows) {
    TRY(auto nonce, nonce_from(row.text(1)));
    object entry{{"iss", row.text(0)}, {"nonce", std::move(nonce)}};
    if (const auto expires_at = row.maybe_integer(2)) entry["exp"] = *expires_at;
    revocations.push_back(std::move(entry));
  }
  return revocations;
}

base::Result<object> counters_of(const base::Result<sql::Answer>& answer) {
  if (!answer) return answer.error();
  object counters;
  for (const sql::Row& row : answer->rows) {
    TRY(const auto value, counter_from(row.text(1)));
    counters[row.text(0)] = std::to_string(value);
  }
  return counters;
}

}  // namespace

base::Result<std::string> bundle_content(sql::Database& database, const base::Clock& clock) {
  object content;
  TRY_VOID(database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(content["agents"], agents_of(transaction));
    TRY(content["whitelist"], whitelists_of(transaction));
    TRY(content["revocations"], revocations_of(transaction, clock.now()));
    TRY(content["thresholds"],
        counters_of(transaction("SELECT issuer, threshold FROM thresholds")));
    TRY(content["counters"], counters_of(transaction("SELECT issuer, last_counter FROM counters")));
    object indices;
    TRY(const auto marks, transaction("SELECT scope, next_index FROM index_marks"));
    for (const sql::Row& row : marks.rows) indices[row.text(0)] = row.integer(1);
    content["indices"] = std::move(indices);
    return {};
  }));
  return base::canonical_json(content);
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

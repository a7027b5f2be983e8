#pragma once

#include <cstdint>
#include <string_view>

#include "authority/access_keys.h"
#include "authority/authority.h"
#include "authority/rows.h"
#include "base/result.h"

// Records of access keys (docs/protocol/identity.md 5.6), for the files access_keys_*.cc.

namespace kronborg::authority {

/// What a SELECT of a record begins with; read by key_of().
#define KEY_COLUMNS                                                                                \
  "SELECT id, seq, label, issuer, audience, nonce, counter, agent_id, created_at_ms, expires_at, " \
  "last_used_at_ms, last_used_from, use_count, revoked_at_ms, revoked_reason, source, hint, "      \
  "CASE WHEN EXISTS (SELECT 1 FROM agents WHERE agents.address = access_keys.audience) "           \
  "THEN 1 ELSE 0 END FROM access_keys "

base::Result<KeyRecord> key_of(const sql::Row& row);

/// Errors: key_not_found (also for a forgotten one), store_damaged.
base::Result<KeyRecord> read_key(sql::Transaction& transaction, std::string_view id);

/// `key`, with the position `seq`. Error: conflict when (issuer, nonce) or the id is there already.
base::Result<void> insert_key(sql::Transaction& transaction, const KeyRecord& key,
                              std::int64_t seq);

}  // namespace kronborg::authority

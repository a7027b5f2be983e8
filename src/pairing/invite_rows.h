#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "pairing/invites.h"
#include "sql/database.h"

namespace kronborg::pairing {

/// What a SELECT of a ledger row begins with; read by invite_of().
#define INVITE_COLUMNS                                                                       \
  "SELECT nonce, seq, agent_id, address, name, description, url, issued_at_ms, expires_at, " \
  "state, used_at_ms, redeemed_from, key_id, revoked_at_ms FROM pairing_invites "

/// `now` in seconds: an active one that is over reads as expired.
base::Result<InviteRecord> invite_of(const sql::Row& row, std::int64_t now);
base::Result<void> insert_invite(sql::Transaction& transaction, const InviteRecord& record,
                                 std::int64_t seq);

}  // namespace kronborg::pairing

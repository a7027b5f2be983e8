#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "spaces/participant.h"
#include "sql/database.h"

// Rows of participants, for the files participant*.cc and join*.cc.

namespace kronborg::spaces {

/// What a SELECT of a participant begins with; read by participant_from().
#define PARTICIPANT_COLUMNS                                                             \
  "SELECT id, space, position, name, role, key_type, status, muted_until_ms, address, " \
  "verified_at_ms, invitation_id, join_token_hash, key_wanted, key_expires_in_s, "      \
  "requested_at_ms, joined_at_ms, last_seen_at_ms, due_at_ms FROM space_participants "

/// space_participants.muted_until_ms of a mute without end.
inline constexpr std::int64_t muted_without_end = -1;

/// A pending request whose time is over is `expired`, whether or not the sweep has come by. Error:
/// store_damaged.
base::Result<Participant> participant_from(const sql::Row& row, std::int64_t now_ms);

/// participant_state, with `status`.
base::Error wrong_state(const Participant& participant, std::string text = {},
                        std::string hint = {});

/// `detail` of an audit entry.
base::json::object reason_detail(const std::optional<std::string>& reason);

}  // namespace kronborg::spaces

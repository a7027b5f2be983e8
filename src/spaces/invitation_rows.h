#pragma once

#include <string_view>

#include "base/error.h"
#include "spaces/invitation.h"
#include "sql/database.h"

// Rows of invitations, for the files invitation*.cc.

namespace kronborg::spaces {

/// What a SELECT of an invitation begins with; read by invitation_from().
#define INVITATION_COLUMNS                                                                    \
  "SELECT i.id, i.space, i.position, i.key_type, i.label, i.created_at_ms, i.expires_at_ms, " \
  "i.max_uses, i.uses, i.requires_approval, i.listed, i.state, i.successor_id, k.hint, "      \
  "k.last_used_at_ms FROM space_invitations i LEFT JOIN space_keys k "                        \
  "ON k.space = i.space AND k.holder = i.id "

/// A live one whose time is over is `expired`, whether or not the sweep has come by.
Invitation invitation_from(const sql::Row& row, std::int64_t now_ms);

/// not_found, with `object` "invitation".
base::Error no_such_invitation();

}  // namespace kronborg::spaces

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spaces/act.h"
#include "spaces/keys.h"

// Rows of keys, for the files keys*.cc and sweep*.cc.

namespace kronborg::spaces {

/// What a SELECT of a key begins with; read by key_of().
#define KEY_COLUMNS                                                              \
  "SELECT hash, id, space, type, holder, hint, created_at_ms, last_used_at_ms, " \
  "expires_at_ms, ended_at_ms, ended_reason, due_at_ms, due_reason FROM space_keys "

/// Error: store_damaged.
base::Result<KeyRecord> key_of(const sql::Row& row);
base::Result<std::vector<KeyRecord>> keys_of(const sql::Answer& answer);

/// Keys of a holder that no statement has ended yet, oldest first; one whose own end has just come
/// is among them.
base::Result<std::vector<KeyRecord>> unended_keys(Act& act, std::int64_t space,
                                                  std::string_view holder);

/// Ends one and nothing else: audit, readers, memory. False when it was dead already.
base::Result<bool> put_end(Act& act, const KeyRecord& key, KeyEnd end);

}  // namespace kronborg::spaces

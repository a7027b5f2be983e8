#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "spaces/act.h"
#include "spaces/space.h"

// Rows and ends of spaces, for the files space*.cc, keys_end.cc and sweep*.cc.

namespace kronborg::spaces {

/// What a SELECT of a space begins with; read by space_of().
#define SPACE_COLUMNS                                                             \
  "SELECT number, id, name, description, agenda, is_public, requires_approval, "  \
  "require_verified, owner_id, created_at_ms, updated_at_ms, expires_at_ms, "     \
  "unused_until_ms, ownerless_at_ms, retention_days, closed_at_ms, erase_at_ms, " \
  "closed_reason, last_seq, last_message_at_ms, content_bytes, told_closing, state FROM spaces "

Space space_of(const sql::Row& row);

/// spaces.state
enum class SpaceState : std::uint8_t { open = 0, closed = 1, erased = 2 };

struct SpaceEnding {
  SpaceEnd end = SpaceEnd::ttl;
  std::int64_t at_ms = 0;
};
/// The first of the ends that an open space comes to by itself.
std::optional<SpaceEnding> ending_of(const Space& space);
/// The next moment at which the sweep has to look at the space.
std::optional<std::int64_t> due_of(const Space& space);

/// close_space() at a time that may lie a little back: when its end had come.
base::Result<Space> close_at(Act& act, Space space, SpaceEnding ending,
                             std::optional<std::string> reason,
                             std::optional<std::int64_t> retention_days);

/// One bounded piece of the work of erasing the content of a closed space (section 4.4); true when
/// that was the last one: ids, times, key hashes and the audit are left.
base::Result<bool> erase_piece(Act& act, const Space& space);
/// The same of removing all that is left of it.
base::Result<bool> remove_piece(Act& act, std::int64_t number);

}  // namespace kronborg::spaces

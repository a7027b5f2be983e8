#include "spaces/space_rows.h"

#include <algorithm>

namespace kronborg::spaces {

Space space_of(const sql::Row& row) {
  Space space{.number = row.integer(0),
              .id = row.text(1),
              .name = row.text(2),
              .description = row.text(3),
              .agenda = row.maybe_text(4),
              .is_public = row.integer(5) != 0,
              .requires_approval = row.integer(6) != 0,
              .require_verified = row.integer(7) != 0,
              .owner_id = row.text(8),
              .created_at_ms = row.integer(9),
              .updated_at_ms = row.integer(10),
              .expires_at_ms = row.maybe_integer(11),
              .unused_until_ms = row.maybe_integer(12),
              .ownerless_at_ms = row.maybe_integer(13),
              .retention_days = row.integer(14),
              .closed_at_ms = row.maybe_integer(15),
              .erase_at_ms = row.maybe_integer(16),
              .end = {},
              .last_seq = row.integer(18),
              .last_message_at_ms = row.maybe_integer(19),
              .content_bytes = row.integer(20),
              .told_closing = row.integer(21) != 0,
              .erased = row.integer(22) == static_cast<std::int64_t>(SpaceState::erased)};
  if (const auto end = row.maybe_integer(17)) space.end = static_cast<SpaceEnd>(*end);
  return space;
}

std::optional<SpaceEnding> ending_of(const Space& space) {
  std::optional<SpaceEnding> first;
  const auto consider = [&first](SpaceEnd end, std::optional<std::int64_t> at_ms) {
    if (at_ms && (!first || *at_ms < first->at_ms)) first = {.end = end, .at_ms = *at_ms};
  };
  consider(SpaceEnd::ttl, space.expires_at_ms);
  consider(SpaceEnd::unused, space.unused_until_ms);
  if (space.ownerless_at_ms) {
    consider(SpaceEnd::ownerless, *space.ownerless_at_ms + ownerless_after_ms);
  }
  return first;
}

std::optional<std::int64_t> due_of(const Space& space) {
  if (space.erased) return space.erase_at_ms.value_or(0) + dead_key_ms;
  if (!space.is_open()) return space.erase_at_ms;
  std::optional<std::int64_t> due;
  if (const auto ending = ending_of(space)) due = ending->at_ms;
  if (space.expires_at_ms && !space.told_closing) {
    due = std::min(*due, *space.expires_at_ms - Space::closing_notice_ms);
  }
  return due;
}

base::Result<Space> read_space(Act& act, std::int64_t number) {
  TRY(const auto found, act.run(SPACE_COLUMNS "WHERE number = $1", number));
  if (found.rows.empty()) return base::Code::not_found;
  return space_of(found.rows.front());
}

base::Result<void> set_due(Act& act, std::int64_t number) {
  TRY(const Space space, read_space(act, number));
  TRY_VOID(act.run("UPDATE spaces SET due_at_ms = $2 WHERE number = $1", number, due_of(space)));
  return {};
}

}  // namespace kronborg::spaces

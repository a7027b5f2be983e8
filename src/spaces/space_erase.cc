#include <array>

#include "spaces/space_rows.h"

namespace kronborg::spaces {
namespace {

/// Deletes a bounded number of rows of a space.
struct Piece {
  sql::Text remove;
  int rows;
};

constexpr int small_rows = 500;
constexpr int message_rows = 200;
constexpr int revision_rows = 20;  // each may hold 1 MiB

constexpr auto content = std::to_array<Piece>({
    {"DELETE FROM space_messages WHERE space = $1 AND seq IN (SELECT seq FROM space_messages "
     "WHERE space = $1 ORDER BY seq LIMIT $2)",
     message_rows},
    {"DELETE FROM space_signatures WHERE id IN (SELECT id FROM space_signatures "
     "WHERE space = $1 LIMIT $2)",
     small_rows},
    {"DELETE FROM space_revisions WHERE space = $1 AND (artifact, revision) IN "
     "(SELECT artifact, revision FROM space_revisions WHERE space = $1 LIMIT $2)",
     revision_rows},
    {"DELETE FROM space_artifacts WHERE id IN (SELECT id FROM space_artifacts "
     "WHERE space = $1 LIMIT $2)",
     small_rows},
    {"DELETE FROM space_blocks WHERE space = $1 AND value IN (SELECT value FROM space_blocks "
     "WHERE space = $1 LIMIT $2)",
     small_rows},
    {"UPDATE space_participants SET name = '', name_folded = '', role = NULL, address = NULL, "
     "join_token_hash = NULL WHERE id IN (SELECT id FROM space_participants WHERE space = $1 "
     "AND name <> '' LIMIT $2)",
     small_rows},
    {"UPDATE space_invitations SET label = NULL, listed_key = NULL WHERE id IN "
     "(SELECT id FROM space_invitations WHERE space = $1 AND label IS NOT NULL LIMIT $2)",
     small_rows},
});

constexpr auto records = std::to_array<Piece>({
    {"DELETE FROM space_participants WHERE id IN (SELECT id FROM space_participants "
     "WHERE space = $1 LIMIT $2)",
     small_rows},
    {"DELETE FROM space_invitations WHERE id IN (SELECT id FROM space_invitations "
     "WHERE space = $1 LIMIT $2)",
     small_rows},
    {"DELETE FROM space_audit WHERE space = $1 AND seq IN (SELECT seq FROM space_audit "
     "WHERE space = $1 ORDER BY seq LIMIT $2)",
     small_rows},
});

/// Runs them in order until one has found as many rows as it may; false when none did, so that
/// nothing is left.
base::Result<bool> is_more_left(Act& act, std::int64_t space, std::span<const Piece> pieces) {
  for (const Piece& piece : pieces) {
    TRY(const auto done, act.run(piece.remove, space, piece.rows));
    if (done.changed >= piece.rows) return true;
  }
  return false;
}

}  // namespace

base::Result<bool> erase_piece(Act& act, const Space& space) {
  TRY(const bool is_more, is_more_left(act, space.number, content));
  if (is_more) return false;
  Space erased = space;
  erased.erased = true;
  TRY_VOID(
      act.run("UPDATE spaces SET state = $2, name = '', description = '', agenda = NULL, "
              "content_bytes = 0, due_at_ms = $3 WHERE number = $1",
              space.number, static_cast<int>(SpaceState::erased), due_of(erased)));
  return true;
}

base::Result<bool> remove_piece(Act& act, std::int64_t number) {
  TRY(const bool is_more, is_more_left(act, number, records));
  if (is_more) return false;
  TRY(const auto keys, act.run("DELETE FROM space_keys WHERE hash IN (SELECT hash "
                               "FROM space_keys WHERE space = $1 LIMIT $2)",
                               number, small_rows));
  TRY_VOID(
      act.run("UPDATE space_counter SET dead_keys = dead_keys - $1 WHERE one = 1", keys.changed));
  if (keys.changed >= small_rows) return false;
  TRY_VOID(act.run("DELETE FROM spaces WHERE number = $1", number));
  return true;
}

}  // namespace kronborg::spaces

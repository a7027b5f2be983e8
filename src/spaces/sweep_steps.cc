#include "spaces/sweep_steps.h"

#include <array>
#include <utility>

#include "spaces/artifact.h"
#include "spaces/key_rows.h"
#include "spaces/space_rows.h"

namespace kronborg::spaces {
namespace {

constexpr int batch_rows = 200;
constexpr int batch_spaces = 25;  // each may have some hundred keys and locks
constexpr int most_batches = 20;
// A space comes by three times: told that it will end, ended, erased. 100 batches a round bear more
// than 1,000 spaces a second that nobody asked for.
constexpr int most_batches_of_spaces = 100;
constexpr std::int64_t answer_ms = day_ms;         // http.md section 11
constexpr std::int64_t max_dead_keys = 5'000'000;  // http.md section 16

bool was_full(const sql::Answer& answer, int batch) { return std::ssize(answer.rows) >= batch; }

/// A key whose space came to its end no later ends with that.
base::Result<void> end_due_key(Act& act, const KeyRecord& key) {
  TRY(Space space, read_space(act, key.space));
  const auto ending = ending_of(space);
  if (space.is_open() && ending && ending->at_ms <= key.due_at_ms.value_or(0)) {
    TRY_VOID(close_at(act, std::move(space), *ending, std::nullopt, std::nullopt));
    return {};
  }
  return end_key(act, key, key.due_end.value_or(KeyEnd::expired));
}

base::Result<bool> end_keys(Act& act, SweepTally& /*tally*/) {
  TRY(const auto due, act.run(KEY_COLUMNS "WHERE due_at_ms <= $1 ORDER BY due_at_ms LIMIT $2",
                              act.now_ms, batch_rows));
  TRY(const auto keys, keys_of(due));
  for (const KeyRecord& key : keys) TRY_VOID(end_due_key(act, key));
  return was_full(due, batch_rows);
}

base::Result<bool> end_spaces(Act& act, SweepTally& /*tally*/) {
  TRY(const auto due, act.run(SPACE_COLUMNS "WHERE state = 0 AND due_at_ms <= $1 "
                                            "ORDER BY due_at_ms LIMIT $2",
                              act.now_ms, batch_spaces));
  for (const sql::Row& row : due.rows) {
    Space space = space_of(row);
    const auto ending = ending_of(space);
    if (ending && ending->at_ms <= act.now_ms) {
      TRY_VOID(close_at(act, std::move(space), *ending, std::nullopt, std::nullopt));
      continue;
    }
    space.told_closing = true;
    TRY_VOID(act.run("UPDATE spaces SET told_closing = 1, due_at_ms = $2 WHERE number = $1",
                     space.number, due_of(space)));
    tell_space(act, space, "closing");
  }
  return was_full(due, batch_spaces);
}

base::Result<bool> end_joins(Act& act, SweepTally& /*tally*/) {
  TRY(const auto due,
      act.run("UPDATE space_participants SET due_at_ms = NULL, status = CASE "
              "WHEN status = 'pending' THEN 'expired' ELSE status END WHERE id IN (SELECT id "
              "FROM space_participants WHERE due_at_ms <= $1 ORDER BY due_at_ms LIMIT $2) "
              "RETURNING id, space, status",
              act.now_ms, batch_rows));
  for (const sql::Row& row : due.rows) {
    if (row.text(2) != "expired") continue;
    TRY_VOID(act.note(row.integer(1), {.event = "join.expired", .subject = row.text(0)}));
  }
  return was_full(due, batch_rows);
}

base::Result<bool> end_locks(Act& act, SweepTally& /*tally*/) {
  TRY_VOID(expire_locks(act, batch_rows));
  return true;
}

base::Result<bool> erase(Act& act, SweepTally& /*tally*/) {
  TRY(const auto due, act.run(SPACE_COLUMNS "WHERE state = 1 AND due_at_ms <= $1 "
                                            "ORDER BY due_at_ms LIMIT 1",
                              act.now_ms));
  if (due.rows.empty()) return false;
  TRY_VOID(erase_piece(act, space_of(due.rows.front())));
  return true;
}

base::Result<bool> remove(Act& act, SweepTally& /*tally*/) {
  TRY(const auto due, act.run("SELECT number FROM spaces WHERE state = 2 AND due_at_ms <= $1 "
                              "ORDER BY due_at_ms LIMIT 1",
                              act.now_ms));
  if (due.rows.empty()) return false;
  TRY_VOID(remove_piece(act, due.rows.front().integer(0)));
  return true;
}

base::Result<bool> remove_challenges(Act& act, SweepTally& /*tally*/) {
  TRY(const auto removed,
      act.run("DELETE FROM space_challenges WHERE id IN (SELECT id FROM space_challenges "
              "WHERE expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2)",
              act.now_ms, batch_rows));
  return removed.changed >= batch_rows;
}

base::Result<bool> remove_answers(Act& act, SweepTally& tally) {
  TRY(const auto removed,
      act.run("DELETE FROM space_answers WHERE scope IN (SELECT scope FROM space_answers "
              "WHERE created_at_ms <= $1 ORDER BY created_at_ms LIMIT $2)",
              act.now_ms - answer_ms, batch_rows));
  tally.removed_answers += removed.changed;
  return removed.changed >= batch_rows;
}

base::Result<bool> uncount(Act& act, const sql::Answer& removed) {
  TRY_VOID(act.run("UPDATE space_counter SET dead_keys = dead_keys - $1 WHERE one = 1",
                   removed.changed));
  return removed.changed >= batch_rows;
}

base::Result<bool> remove_old_keys(Act& act, SweepTally& /*tally*/) {
  TRY(const auto removed,
      act.run("DELETE FROM space_keys WHERE hash IN (SELECT hash FROM space_keys "
              "WHERE ended_at_ms <= $1 ORDER BY ended_at_ms LIMIT $2)",
              act.now_ms - dead_key_ms, batch_rows));
  return uncount(act, removed);
}

base::Result<bool> remove_oldest_keys(Act& act, SweepTally& /*tally*/) {
  TRY(const auto removed,
      act.run("DELETE FROM space_keys WHERE hash IN (SELECT hash FROM space_keys "
              "WHERE ended_at_ms IS NOT NULL ORDER BY ended_at_ms LIMIT (SELECT CASE "
              "WHEN dead_keys - $1 > $2 THEN $2 WHEN dead_keys > $1 THEN dead_keys - $1 ELSE 0 "
              "END FROM space_counter WHERE one = 1))",
              max_dead_keys, batch_rows));
  return uncount(act, removed);
}

constexpr auto steps = std::to_array<SweepStep>({
    {"SELECT 1 FROM space_keys WHERE due_at_ms <= $1 LIMIT 1", 0, end_keys, most_batches, true},
    {"SELECT 1 FROM spaces WHERE state = 0 AND due_at_ms <= $1 LIMIT 1", 0, end_spaces,
     most_batches_of_spaces, true},
    {"SELECT 1 FROM space_participants WHERE due_at_ms <= $1 LIMIT 1", 0, end_joins, most_batches,
     true},
    {"SELECT 1 FROM space_artifacts WHERE lock_until_ms <= $1 LIMIT 1", 0, end_locks, 1, true},
    {"SELECT 1 FROM spaces WHERE state = 1 AND due_at_ms <= $1 LIMIT 1", 0, erase,
     most_batches_of_spaces, false},
    {"SELECT 1 FROM spaces WHERE state = 2 AND due_at_ms <= $1 LIMIT 1", 0, remove,
     most_batches_of_spaces, false},
    {"SELECT 1 FROM space_challenges WHERE expires_at_ms <= $1 LIMIT 1", 0, remove_challenges,
     most_batches, false},
    {"SELECT 1 FROM space_answers WHERE created_at_ms <= $1 LIMIT 1", answer_ms, remove_answers,
     most_batches, false},
    {"SELECT 1 FROM space_keys WHERE ended_at_ms <= $1 LIMIT 1", dead_key_ms, remove_old_keys,
     most_batches, false},
    {"SELECT 1 FROM space_counter WHERE dead_keys > 5000000 AND CAST($1 AS BIGINT) > 0", 0,
     remove_oldest_keys, most_batches, false},
});

}  // namespace

std::span<const SweepStep> sweep_steps() { return steps; }

}  // namespace kronborg::spaces

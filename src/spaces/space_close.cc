#include <algorithm>
#include <utility>

#include "spaces/artifact.h"
#include "spaces/invitation.h"
#include "spaces/keys.h"
#include "spaces/space.h"
#include "spaces/space_rows.h"

namespace kronborg::spaces {
namespace {

/// Ends what is alive in the space. A key whose own end had come before ends with that one.
base::Result<void> end_all_keys(Act& act, const Space& space, std::int64_t at_ms) {
  TRY(const auto ended,
      act.run("UPDATE space_keys SET ended_at_ms = CASE WHEN due_at_ms <= $2 THEN due_at_ms "
              "ELSE CAST($2 AS BIGINT) END, ended_reason = CASE WHEN due_at_ms <= $2 THEN "
              "due_reason ELSE NULL END, due_at_ms = NULL, due_reason = NULL "
              "WHERE space = $1 AND ended_at_ms IS NULL RETURNING hash",
              space.number, at_ms));
  std::vector<credential::SpaceKeyHash> hashes;
  for (const sql::Row& row : ended.rows) {
    if (const auto hash = credential::hash_from(row.text(0))) hashes.push_back(*hash);
  }
  TRY_VOID(
      act.run("UPDATE space_counter SET open_spaces = open_spaces - 1, "
              "dead_keys = dead_keys + $1 WHERE one = 1",
              ended.rows.size()));
  act.forget(std::move(hashes));
  return {};
}

base::Result<void> end_all_waiting(Act& act, const Space& space) {
  TRY_VOID(
      act.run("UPDATE space_participants SET status = 'expired', due_at_ms = NULL "
              "WHERE space = $1 AND status = 'pending'",
              space.number));
  TRY_VOID(
      act.run("UPDATE space_invitations SET state = 'expired', listed_key = NULL "
              "WHERE space = $1 AND state = 'live'",
              space.number));
  return {};
}

/// Every reader is told, and its stream ends.
void tell_end(Act& act, const Space& space) {
  tell_space(act, space, "closed");
  const base::json::object data{{"code", "space_closed"},
                                {"reason", name_of(space.end.value_or(SpaceEnd::closed))}};
  Notice notice;
  notice.kind = NoticeKind::key_ended;
  notice.data = base::to_text(data);
  notice.ends_space = true;
  act.tell(space.number, std::move(notice));
}

}  // namespace

base::Result<Space> close_at(Act& act, Space space, SpaceEnding ending,
                             std::optional<std::string> reason,
                             std::optional<std::int64_t> retention_days) {
  if (!space.is_open()) return space;
  space.closed_at_ms = ending.at_ms;
  space.end = ending.end;
  space.retention_days = retention_days.value_or(space.retention_days);
  space.erase_at_ms = ending.at_ms + space.retention_days * day_ms;
  TRY_VOID(release_locks(act, space.number, std::nullopt));
  TRY_VOID(act.run(
      "UPDATE spaces SET state = $2, closed_at_ms = $3, closed_reason = $4, "
      "retention_days = $5, erase_at_ms = $6, due_at_ms = $7 WHERE number = $1",
      space.number, static_cast<int>(SpaceState::closed), space.closed_at_ms,
      static_cast<int>(ending.end), space.retention_days, space.erase_at_ms, due_of(space)));
  TRY_VOID(end_all_keys(act, space, ending.at_ms));
  TRY_VOID(end_all_waiting(act, space));
  base::json::object detail{{"reason", name_of(ending.end)}};
  if (reason) detail["text"] = *reason;
  TRY_VOID(act.note(space.number, {.event = "space.closed", .detail = std::move(detail)}));
  tell_end(act, space);
  return space;
}

base::Result<Space> close_space(Act& act, std::int64_t number, SpaceEnd end,
                                std::optional<std::string> reason,
                                std::optional<std::int64_t> retention_days) {
  TRY(Space space, read_space(act, number));
  return close_at(act, std::move(space), {.end = end, .at_ms = act.now_ms}, std::move(reason),
                  retention_days);
}

base::Result<void> become_ownerless(Act& act, std::int64_t number) {
  TRY(Space space, read_space(act, number));
  if (!space.is_open() || space.ownerless_at_ms) return {};
  space.ownerless_at_ms = act.now_ms;
  TRY_VOID(act.run("UPDATE spaces SET ownerless_at_ms = $2, due_at_ms = $3 WHERE number = $1",
                   number, space.ownerless_at_ms, due_of(space)));
  TRY_VOID(act.note(number, {.event = "space.ownerless"}));
  TRY_VOID(end_all_invitations(act, number));
  // What is left of the keys ends earlier now.
  TRY(auto hashes, live_hashes(act, number));
  act.forget(std::move(hashes));
  tell_space(act, space, "updated");
  return {};
}

}  // namespace kronborg::spaces

#include <algorithm>
#include <utility>

#include "spaces/invitation.h"
#include "spaces/invitation_rows.h"
#include "spaces/keys.h"
#include "spaces/participant.h"

namespace kronborg::spaces {
namespace {

constexpr std::int64_t standard_life_s = 604'800;

base::Result<void> require_room_for_one(Act& act, std::int64_t space) {
  TRY(const auto counted,
      act.run("SELECT COUNT(*) FROM space_invitations WHERE space = $1 AND state = 'live' AND "
              "expires_at_ms > $2",
              space, act.now_ms));
  if (counted.rows.at(0).integer(0) < max_live_invitations) return {};
  return base::Error(base::Code::limit_reached)
      .with({.name = "limit", .value = "invitations"})
      .with({.name = "max", .value = max_live_invitations});
}

/// Mints the key, which ends with its invitation, and writes the row.
base::Result<credential::SpaceKey> store(Act& act, Invitation& invitation) {
  TRY(Minted minted, mint_key_until(act, invitation.space, KeyType::invitation, invitation.id,
                                    invitation.expires_at_ms));
  invitation.hint = minted.key.hint();
  const base::SecretText text = minted.key.text();
  TRY(const auto inserted,
      act.run("INSERT INTO space_invitations (id, space, position, key_type, label, "
              "created_at_ms, expires_at_ms, max_uses, uses, requires_approval, listed, "
              "listed_key, state, successor_id) VALUES ($1, $2, (SELECT COALESCE(MAX(position), "
              "0) + 1 FROM space_invitations WHERE space = $2), $3, $4, $5, $6, $7, $8, $9, $10, "
              "$11, 'live', NULL) RETURNING position",
              invitation.id, invitation.space, static_cast<std::int64_t>(invitation.key_type),
              invitation.label, invitation.created_at_ms, invitation.expires_at_ms,
              invitation.max_uses, invitation.uses, invitation.requires_approval ? 1 : 0,
              invitation.listed ? 1 : 0,
              invitation.listed ? sql::Value(text.reveal()) : sql::Value()));
  invitation.position = inserted.rows.at(0).integer(0);
  return std::move(minted.key);
}

/// From live to `state`: it leaves the directory and its key dies.
base::Result<void> end(Act& act, Invitation& invitation, std::string_view state, KeyEnd reason,
                       Act::Entry entry) {
  TRY_VOID(
      act.run("UPDATE space_invitations SET state = $2, listed_key = NULL, "
              "successor_id = $3 WHERE id = $1",
              invitation.id, state, invitation.successor_id));
  invitation.state = state;
  entry.subject = invitation.id;
  TRY_VOID(act.note(invitation.space, std::move(entry)));
  TRY_VOID(end_keys_of(act, invitation.space, invitation.id, reason));
  return {};
}

base::Result<std::vector<Invitation>> live_invitations(Act& act, std::int64_t space) {
  TRY(const auto answer, act.run(INVITATION_COLUMNS "WHERE i.space = $1 AND i.state = 'live' AND "
                                                    "i.expires_at_ms > $2 ORDER BY i.position",
                                 space, act.now_ms));
  std::vector<Invitation> live;
  for (const sql::Row& row : answer.rows) live.push_back(invitation_from(row, act.now_ms));
  return live;
}

base::Result<Invited> rotate(Act& act, Invitation old) {
  Invitation successor = old;
  successor.id = act.new_id();
  successor.created_at_ms = act.now_ms;
  successor.last_used_at_ms.reset();
  old.successor_id = successor.id;
  base::json::object detail;
  detail["successorId"] = successor.id;
  TRY_VOID(end(act, old, "rotated", KeyEnd::invitation_rotated,
               {.event = "invitation.rotated", .detail = std::move(detail)}));
  TRY(auto key, store(act, successor));
  return Invited{
      .invitation = std::move(successor), .key = std::move(key), .replaces = std::move(old.id)};
}

/// Denies the joins that wait on it.
base::Result<void> deny_waiting(Act& act, const Space& space, std::string_view invitation_id) {
  TRY(const auto waiting,
      act.run("SELECT id FROM space_participants WHERE space = $1 AND status = 'pending' AND "
              "due_at_ms > $2 AND invitation_id = $3 ORDER BY position",
              space.number, act.now_ms, invitation_id));
  for (const sql::Row& row : waiting.rows) TRY_VOID(deny(act, space, row.text(0), {}));
  return {};
}

}  // namespace

base::Result<Invited> invite(Act& act, const Space& space, const NewInvitation& wanted) {
  if (wanted.listed && !space.is_public) return base::Code::space_not_public;
  TRY_VOID(require_room_for_one(act, space.number));
  Invitation invitation{
      .id = act.new_id(),
      .space = space.number,
      .position = 0,
      .key_type = wanted.key_type,
      .label = wanted.label,
      .created_at_ms = act.now_ms,
      .expires_at_ms = act.now_ms + wanted.expires_in_s.value_or(standard_life_s) * 1000,
      .max_uses = wanted.max_uses.value_or(max_invitation_uses),
      .uses = 0,
      .requires_approval = wanted.requires_approval.value_or(space.requires_approval),
      .listed = wanted.listed,
      .state = "live",
      .successor_id = {},
      .hint = {},
      .last_used_at_ms = {}};
  if (space.expires_at_ms) {
    invitation.expires_at_ms = std::min(invitation.expires_at_ms, *space.expires_at_ms);
  }
  TRY_VOID(act.note(space.number, {.event = "invitation.created", .subject = invitation.id}));
  TRY(auto key, store(act, invitation));
  return Invited{.invitation = std::move(invitation), .key = std::move(key), .replaces = {}};
}

base::Result<Invitation> revoke_invitation(Act& act, const Space& space, std::string_view id,
                                           bool cancel_pending) {
  TRY(Invitation invitation, read_invitation(act, space.number, id));
  if (invitation.state == "live") {
    TRY_VOID(end(act, invitation, "revoked", KeyEnd::invitation_revoked,
                 {.event = "invitation.revoked"}));
  }
  if (cancel_pending) TRY_VOID(deny_waiting(act, space, id));
  return invitation;
}

base::Result<Invited> rotate_invitation(Act& act, const Space& space, std::string_view id) {
  TRY(Invitation invitation, read_invitation(act, space.number, id));
  if (invitation.state != "live") return no_such_invitation();
  return rotate(act, std::move(invitation));
}

base::Result<std::optional<Invited>> rotate_if_live(Act& act, const Space& space,
                                                    std::string_view id) {
  TRY(Invitation invitation, read_invitation(act, space.number, id));
  if (invitation.state != "live") return std::optional<Invited>();
  TRY(auto rotated, rotate(act, std::move(invitation)));
  return std::optional<Invited>(std::move(rotated));
}

base::Result<std::vector<Invited>> rotate_all_live(Act& act, const Space& space) {
  TRY(auto live, live_invitations(act, space.number));
  std::vector<Invited> all;
  for (Invitation& invitation : live) {
    TRY(auto rotated, rotate(act, std::move(invitation)));
    all.push_back(std::move(rotated));
  }
  return all;
}

base::Result<void> end_all_invitations(Act& act, std::int64_t space) {
  TRY(auto live, live_invitations(act, space));
  for (Invitation& invitation : live) {
    TRY_VOID(end(act, invitation, "revoked", KeyEnd::invitation_revoked,
                 {.event = "invitation.revoked"}));
  }
  return {};
}

base::Result<bool> use_invitation(Act& act, const Invitation& invitation) {
  TRY(const auto used,
      act.run("UPDATE space_invitations SET uses = uses + 1 WHERE id = $1 AND state = 'live' AND "
              "uses < max_uses RETURNING uses",
              invitation.id));
  if (used.rows.empty()) {
    return base::Error(base::Code::key_expired, "This invitation is used up.")
        .with({.name = "reason", .value = std::string(name_of(KeyEnd::max_uses))});
  }
  if (used.rows.front().integer(0) < invitation.max_uses) return false;
  Invitation last = invitation;
  TRY_VOID(end(act, last, "used_up", KeyEnd::max_uses, {.event = "invitation.used_up"}));
  return true;
}

}  // namespace kronborg::spaces

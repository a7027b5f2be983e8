#include <utility>

#include "spaces/join.h"
#include "spaces/participant_rows.h"

namespace kronborg::spaces {
namespace {

base::Error no_such_join() {
  return base::Error(base::Code::not_found).with({.name = "object", .value = "participant"});
}

/// The first key that this participant gets is what completes its join; a later one is a reissue.
base::Result<bool> had_a_key(Act& act, const Participant& participant) {
  TRY(const auto keys, act.run("SELECT 1 FROM space_keys WHERE space = $1 AND holder = $2 LIMIT 1",
                               participant.space, participant.id));
  return !keys.rows.empty();
}

base::Result<void> collect(Act& act, JoinState& state) {
  Participant& participant = state.participant;
  TRY(const bool again, had_a_key(act, participant));
  TRY_VOID(act.run("UPDATE space_participants SET key_wanted = 0 WHERE id = $1", participant.id));
  participant.key_wanted = false;
  if (!again) {
    TRY_VOID(act.note(participant.space, {.event = "join.completed", .subject = participant.id}));
  }
  TRY(state.key, mint_key(act, participant.space, participant.key_type, participant.id,
                          participant.key_expires_in_s));
  TRY(const Space space, read_space(act, participant.space));
  state.last_seq = space.last_seq;
  return {};
}

/// What a join that came to nothing, or to its end, answers.
base::Error refusal(const Participant& participant) {
  base::Code code = base::Code::participant_removed;
  if (participant.status == "denied") code = base::Code::join_denied;
  if (participant.status == "expired") code = base::Code::join_expired;
  return base::Error(code).with({.name = "status", .value = participant.status});
}

}  // namespace

base::Result<JoinState> poll_join(Act& act, const Caller& invitation,
                                  std::string_view participant_id,
                                  const std::optional<credential::SpaceKeyHash>& token,
                                  bool may_mint) {
  JoinState state{.kind = JoinState::Kind::pending, .participant = {}, .key = {}};
  TRY(state.participant, read_participant(act, invitation.space, participant_id));
  const Participant& participant = state.participant;
  if (participant.invitation_id != text_of(invitation.holder)) return no_such_join();
  if (token && participant.join_token_hash != credential::hash_text(*token)) {
    return base::Code::join_token_invalid;
  }
  if (participant.status == "pending") return state;
  if (participant.status != "active") return refusal(participant);
  if (!participant.key_wanted) {
    state.kind = JoinState::Kind::delivered;
  } else if (!token) {
    state.kind = JoinState::Kind::needs_token;
  } else {
    state.kind = JoinState::Kind::collect_now;
    if (may_mint) TRY_VOID(collect(act, state));
  }
  return state;
}

base::Result<std::optional<Caller>> waiting_joiner(sql::Transaction& transaction,
                                                   const credential::SpaceKeyHash& invitation,
                                                   std::string_view space_id,
                                                   std::string_view participant_id,
                                                   const credential::SpaceKeyHash& token,
                                                   std::int64_t now_ms) {
  TRY(const auto waiting,
      transaction("SELECT 1 FROM space_keys k JOIN spaces s ON s.number = k.space "
                  "JOIN space_participants p ON p.space = k.space AND p.invitation_id = k.holder "
                  "WHERE k.hash = $1 AND k.type = $2 AND s.id = $3 AND p.id = $4 AND "
                  "p.join_token_hash = $5 AND s.closed_at_ms IS NULL AND "
                  "(s.expires_at_ms IS NULL OR s.expires_at_ms > $6) AND "
                  "(s.unused_until_ms IS NULL OR s.unused_until_ms > $6) AND "
                  "(s.ownerless_at_ms IS NULL OR s.ownerless_at_ms > $7)",
                  credential::hash_text(invitation), static_cast<std::int64_t>(KeyType::invitation),
                  space_id, participant_id, credential::hash_text(token), now_ms,
                  now_ms - ownerless_after_ms));
  if (waiting.rows.empty()) return std::optional<Caller>();
  TRY(const Found found, read_key(transaction, invitation, now_ms));
  if (const auto* dead = std::get_if<DeadKey>(&found)) return std::optional(dead->was);
  if (const auto* alive = std::get_if<Caller>(&found)) return std::optional(*alive);
  return std::optional<Caller>();
}

}  // namespace kronborg::spaces

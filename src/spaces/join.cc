#include "spaces/join.h"

#include <utility>

#include "spaces/invitation.h"
#include "spaces/message.h"
#include "spaces/participant_rows.h"
#include "spaces/proof.h"

namespace kronborg::spaces {
namespace {

base::Result<void> require_waiting_room(Act& act, std::int64_t space) {
  TRY(const auto counted,
      act.run("SELECT COUNT(*) FROM space_participants WHERE space = $1 AND status = 'pending' "
              "AND due_at_ms > $2",
              space, act.now_ms));
  if (counted.rows.at(0).integer(0) < max_pending_joins) return {};
  return base::Error(base::Code::limit_reached)
      .with({.name = "limit", .value = "pending"})
      .with({.name = "max", .value = max_pending_joins});
}

/// The address that the joiner proves, if it does. It comes first: a challenge that is used up by a
/// wrong signature stays so, and nothing else may have been written then.
base::Result<void> prove_address(Act& act, const Caller& caller, const Space& space,
                                 const NewJoin& wanted, Participant& participant) {
  if (!wanted.proof) {
    if (!space.require_verified) return {};
    return base::Error(base::Code::identity_required, "Joining this space needs a proven address.",
                       "Ask for a challenge at .../identity/challenge with the invitation key, "
                       "sign it, and send `identity` with the join.");
  }
  TRY(participant.address, prove(act, caller, wanted.proof->challenge_id, wanted.proof->signature));
  participant.verified_at_ms = act.now_ms;
  return {};
}

base::Result<void> note_join(Act& act, const Participant& participant) {
  base::json::object detail;
  detail["invitationId"] = *participant.invitation_id;
  const bool pending = participant.status == "pending";
  TRY_VOID(act.note(participant.space, {.event = pending ? "join.requested" : "join.completed",
                                        .subject = participant.id,
                                        .detail = std::move(detail)}));
  if (!participant.address) return {};
  base::json::object proven;
  proven["address"] = participant.address->text();
  return act.note(
      participant.space,
      {.event = "identity.proven", .subject = participant.id, .detail = std::move(proven)});
}

/// The participant comes in: its key, and the readers are told.
base::Result<void> admit(Act& act, Joined& joined) {
  const Participant& participant = joined.participant;
  TRY(joined.key, mint_key(act, participant.space, participant.key_type, participant.id,
                           participant.key_expires_in_s));
  tell_participant(act, participant, "joined");
  return post_system_message(act, participant.space, participant.name + " joined.");
}

}  // namespace

base::Result<Joined> join(Act& act, const Caller& invitation, const NewJoin& wanted) {
  TRY(const Space space, read_space(act, invitation.space));
  TRY(const Invitation used, read_invitation(act, space.number, text_of(invitation.holder)));
  Joined joined;
  Participant& participant = joined.participant;
  TRY_VOID(prove_address(act, invitation, space, wanted, participant));
  const bool pending = used.requires_approval;
  TRY_VOID(pending ? require_waiting_room(act, space.number) : require_room(act, space.number));

  TRY(participant.name, free_name(act, space.number, wanted.name));
  joined.name_changed = participant.name != wanted.name;
  participant.id = act.new_id();
  participant.space = space.number;
  participant.role = wanted.role;
  participant.key_type = used.key_type;
  participant.status = pending ? "pending" : "active";
  participant.invitation_id = used.id;
  participant.key_expires_in_s = wanted.key_expires_in_s;
  participant.requested_at_ms = act.now_ms;
  if (wanted.chosen_token) {
    participant.join_token_hash = credential::hash_text(*wanted.chosen_token);
  } else if (pending) {
    joined.join_token = credential::SpaceKey::draw(act.parts.random);
    participant.join_token_hash = credential::hash_text(joined.join_token->hash());
  }
  if (pending) {
    participant.request_ends_at_ms = act.now_ms + join_request_ms;
  } else {
    participant.joined_at_ms = act.now_ms;
  }
  TRY_VOID(insert_participant(act, participant));
  TRY_VOID(note_join(act, participant));
  TRY(joined.ended_invitation, use_invitation(act, used));
  if (pending) {
    tell_participant(act, participant, "pending", Audience::owner);
  } else {
    TRY_VOID(admit(act, joined));
  }
  TRY(joined.space, read_space(act, space.number));
  return joined;
}

}  // namespace kronborg::spaces

#include <utility>

#include "base/clock.h"
#include "spaces/artifact.h"
#include "spaces/keys.h"
#include "spaces/message.h"
#include "spaces/participant.h"
#include "spaces/participant_rows.h"

namespace kronborg::spaces {
namespace {

/// Two joins with one proven address may wait side by side; only one of them can come in.
base::Result<void> require_free_address(Act& act, const Participant& participant) {
  if (!participant.address) return {};
  TRY(const auto holders,
      act.run("SELECT id FROM space_participants WHERE space = $1 AND address = $2 AND "
              "status = 'active' AND id <> $3",
              participant.space, participant.address->lower(), participant.id));
  if (holders.rows.empty()) return {};
  return base::Code::address_in_use;
}

base::Result<void> forget_keys(Act& act, const Participant& participant) {
  TRY(auto hashes, live_hashes(act, participant.space, participant.id));
  act.forget(std::move(hashes));
  return {};
}

}  // namespace

base::Result<Participant> approve(Act& act, const Space& space, std::string_view id) {
  TRY(Participant participant, read_participant(act, space.number, id));
  if (participant.status == "active") return participant;
  if (participant.status != "pending") return wrong_state(participant);
  if (space.ownerless_at_ms) {
    return wrong_state(participant, "The space has no owner key: no join can be approved.",
                       "The linked human can recover the space.");
  }
  TRY_VOID(require_free_address(act, participant));
  TRY_VOID(require_room(act, space.number));
  TRY_VOID(
      act.run("UPDATE space_participants SET status = 'active', joined_at_ms = $2, "
              "key_wanted = 1, due_at_ms = NULL WHERE id = $1",
              participant.id, act.now_ms));
  participant.status = "active";
  participant.joined_at_ms = act.now_ms;
  participant.key_wanted = true;
  participant.request_ends_at_ms.reset();
  TRY_VOID(act.note(space.number, {.event = "participant.approved", .subject = participant.id}));
  tell_participant(act, participant, "joined");
  TRY_VOID(post_system_message(act, space.number, participant.name + " joined."));
  return participant;
}

base::Result<Participant> deny(Act& act, const Space& space, std::string_view id,
                               const std::optional<std::string>& reason) {
  TRY(Participant participant, read_participant(act, space.number, id));
  if (participant.status == "denied") return participant;
  if (participant.status != "pending") return wrong_state(participant);
  TRY_VOID(
      act.run("UPDATE space_participants SET status = 'denied', due_at_ms = NULL "
              "WHERE id = $1",
              participant.id));
  participant.status = "denied";
  participant.request_ends_at_ms.reset();
  TRY_VOID(act.note(
      space.number,
      {.event = "join.denied", .subject = participant.id, .detail = reason_detail(reason)}));
  tell_participant(act, participant, "denied", Audience::owner);
  return participant;
}

base::Result<Participant> mute(Act& act, const Space& space, std::string_view id,
                               std::optional<std::int64_t> duration_s) {
  TRY(Participant participant, read_participant(act, space.number, id));
  if (participant.id == space.owner_id) return base::Code::owner_protected;
  if (participant.status != "active") return wrong_state(participant);
  const bool was_muted = participant.is_muted(act.now_ms);
  const std::int64_t until = duration_s ? act.now_ms + *duration_s * 1000 : Caller::forever;
  if (was_muted && participant.muted_until_ms == until) return participant;
  TRY_VOID(act.run("UPDATE space_participants SET muted_until_ms = $2 WHERE id = $1",
                   participant.id, duration_s ? until : muted_without_end));
  participant.muted_until_ms = until;
  base::json::object detail;
  if (duration_s) detail["mutedUntil"] = base::iso_time(until);
  TRY_VOID(act.note(
      space.number,
      {.event = "participant.muted", .subject = participant.id, .detail = std::move(detail)}));
  TRY_VOID(forget_keys(act, participant));
  TRY_VOID(release_locks(act, space.number, participant.id));
  tell_participant(act, participant, "muted");
  if (!was_muted) {
    TRY_VOID(post_system_message(act, space.number, participant.name + " was muted."));
  }
  return participant;
}

base::Result<Participant> unmute(Act& act, const Space& space, std::string_view id) {
  TRY(Participant participant, read_participant(act, space.number, id));
  if (!participant.is_muted(act.now_ms)) return participant;
  if (participant.status != "active") return wrong_state(participant);
  TRY_VOID(
      act.run("UPDATE space_participants SET muted_until_ms = NULL WHERE id = $1", participant.id));
  participant.muted_until_ms.reset();
  TRY_VOID(act.note(space.number, {.event = "participant.unmuted", .subject = participant.id}));
  TRY_VOID(forget_keys(act, participant));
  tell_participant(act, participant, "unmuted");
  TRY_VOID(post_system_message(act, space.number, participant.name + " was unmuted."));
  return participant;
}

base::Result<Participant> reissue(Act& act, const Space& space, std::string_view id) {
  TRY(Participant participant, read_participant(act, space.number, id));
  if (participant.id == space.owner_id) {
    return base::Error(base::Code::owner_protected, "The owner's keys cannot be reissued.",
                       "Rotate the key instead: POST .../keys/rotate.");
  }
  if (participant.status != "active") return wrong_state(participant);
  if (participant.key_wanted) return participant;  // nothing lives that could end
  if (!participant.join_token_hash) {
    return wrong_state(participant,
                       "It joined without a join token, so nobody could collect a new key.",
                       "Invite it again. A join with X-Join-Token can be reissued.");
  }
  TRY_VOID(act.run("UPDATE space_participants SET key_wanted = 1 WHERE id = $1", participant.id));
  participant.key_wanted = true;
  TRY_VOID(act.note(space.number, {.event = "key.reissued", .subject = participant.id}));
  TRY_VOID(end_keys_of(act, space.number, participant.id, KeyEnd::reissued));
  TRY_VOID(release_locks(act, space.number, participant.id));
  return participant;
}

base::Result<Participant> leave(Act& act, const Space& space, const Caller& caller,
                                const std::optional<std::string>& reason) {
  TRY(Participant participant, read_participant(act, space.number, text_of(caller.holder)));
  if (participant.id == space.owner_id) return base::Code::owner_protected;
  if (participant.status != "active") return wrong_state(participant);
  TRY_VOID(act.run("UPDATE space_participants SET status = 'left', key_wanted = 0 WHERE id = $1",
                   participant.id));
  participant.status = "left";
  participant.key_wanted = false;
  TRY_VOID(act.note(
      space.number,
      {.event = "participant.left", .subject = participant.id, .detail = reason_detail(reason)}));
  TRY_VOID(end_keys_of(act, space.number, participant.id, KeyEnd::left));
  TRY_VOID(release_locks(act, space.number, participant.id));
  tell_participant(act, participant, "left");
  TRY_VOID(post_system_message(act, space.number, participant.name + " left."));
  return participant;
}

}  // namespace kronborg::spaces

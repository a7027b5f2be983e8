#include <utility>

#include "spaces/artifact.h"
#include "spaces/keys.h"
#include "spaces/message.h"
#include "spaces/participant.h"
#include "spaces/participant_rows.h"

namespace kronborg::spaces {
namespace {

constexpr std::string_view by_participant = "participant";  // space_blocks.kind
constexpr std::string_view by_address = "address";

base::Result<bool> add_block(Act& act, const Participant& participant, std::string_view kind,
                             std::string_view value) {
  TRY(const auto added,
      act.run("INSERT INTO space_blocks (space, kind, value, participant_id) "
              "VALUES ($1, $2, $3, $4) ON CONFLICT (space, kind, value) DO NOTHING",
              participant.space, kind, value, participant.id));
  return added.changed > 0;
}

base::Result<bool> drop_block(Act& act, const Participant& participant, std::string_view kind,
                              std::string_view value) {
  TRY(const auto dropped,
      act.run("DELETE FROM space_blocks WHERE space = $1 AND kind = $2 AND value = $3",
              participant.space, kind, value));
  return dropped.changed > 0;
}

/// Brings the blocks of a kicked participant to `block`; the names of what is blocked then.
base::Result<std::vector<std::string>> set_block(Act& act, const Participant& participant,
                                                 bool block) {
  const auto set = block ? add_block : drop_block;
  TRY(bool changed, set(act, participant, by_participant, participant.id));
  std::vector<std::string> blocked{"participantId"};
  if (participant.address) {
    TRY(const bool also, set(act, participant, by_address, participant.address->lower()));
    changed = changed || also;
    blocked.emplace_back("address");
  }
  if (!block) blocked.clear();
  if (changed) {
    base::json::object detail;
    detail["blocked"] = base::json::array(blocked.begin(), blocked.end());
    TRY_VOID(act.note(
        participant.space,
        {.event = "participant.blocked", .subject = participant.id, .detail = std::move(detail)}));
  }
  return blocked;
}

base::Result<std::vector<Invited>> rotate_invitations(Act& act, const Space& space,
                                                      const Participant& participant,
                                                      Rotate rotate) {
  std::vector<Invited> rotated;
  if (rotate == Rotate::all) return rotate_all_live(act, space);
  if (rotate == Rotate::own && participant.invitation_id) {
    TRY(auto successor, rotate_if_live(act, space, *participant.invitation_id));
    if (successor) rotated.push_back(*std::move(successor));
  }
  return rotated;
}

}  // namespace

base::Result<Kicked> kick(Act& act, const Space& space, std::string_view id,
                          const std::optional<std::string>& reason, Rotate rotate, bool block) {
  Kicked kicked;
  TRY(kicked.participant, read_participant(act, space.number, id));
  Participant& participant = kicked.participant;
  if (participant.id == space.owner_id) return base::Code::owner_protected;
  if (participant.status == "kicked") {
    TRY(kicked.blocked, set_block(act, participant, block));
    return kicked;
  }
  const bool was_active = participant.status == "active";
  if (!was_active && participant.status != "pending") return wrong_state(participant);
  TRY_VOID(
      act.run("UPDATE space_participants SET status = 'kicked', key_wanted = 0, "
              "due_at_ms = NULL WHERE id = $1",
              participant.id));
  participant.status = "kicked";
  participant.key_wanted = false;
  participant.request_ends_at_ms.reset();
  TRY_VOID(act.note(
      space.number,
      {.event = "participant.kicked", .subject = participant.id, .detail = reason_detail(reason)}));
  // Its streams end before anything else is told: key_revoked is the last thing they carry.
  TRY_VOID(end_keys_of(act, space.number, participant.id, KeyEnd::kicked));
  TRY_VOID(release_locks(act, space.number, participant.id));
  TRY(kicked.blocked, set_block(act, participant, block));
  TRY(kicked.rotated, rotate_invitations(act, space, participant, rotate));
  tell_participant(act, participant, "kicked", was_active ? Audience::everybody : Audience::owner);
  if (was_active) {
    TRY_VOID(post_system_message(act, space.number, participant.name + " was removed."));
  }
  return kicked;
}

}  // namespace kronborg::spaces

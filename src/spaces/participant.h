#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "spaces/act.h"
#include "spaces/invitation.h"
#include "spaces/space.h"

namespace kronborg::spaces {

/// docs/protocol/spaces.md section 7.
struct Participant {
  std::string id;
  std::int64_t space = 0, position = 0;
  std::string name;
  std::optional<std::string> role;
  KeyType key_type = KeyType::participant;
  std::string status;                          ///< pending, active, left, kicked, denied, expired
  std::optional<std::int64_t> muted_until_ms;  ///< Caller::forever: without end; in the past: none
  std::optional<identity::Address> address;
  std::optional<std::int64_t> verified_at_ms;
  std::optional<std::string> invitation_id, join_token_hash;
  bool key_wanted = false;
  std::optional<std::int64_t> key_expires_in_s, requested_at_ms, joined_at_ms, last_seen_at_ms,
      request_ends_at_ms;

  [[nodiscard]] bool is_muted(std::int64_t now_ms) const {
    return muted_until_ms && *muted_until_ms > now_ms;
  }
};

/// Error: not_found (object "participant").
base::Result<Participant> read_participant(Act& act, std::int64_t space, std::string_view id);
enum class Shown : std::uint8_t { active, active_and_pending, all };
/// In the order of joining, at most max_participants + max_pending_joins.
base::Result<std::vector<Participant>> present(Act& act, std::int64_t space, Shown shown);
struct ParticipantPage {
  std::vector<Participant> participants;
  std::int64_t last = 0;
  bool has_more = false;
};
/// `status` empty: those of `shown`.
base::Result<ParticipantPage> list_participants(Act& act, std::int64_t space, Shown shown,
                                                const std::optional<std::string>& status,
                                                std::int64_t after, int limit);

/// What names are compared by: full case folding in NFC, so that "Ömer" and "ÖMER" are one name.
std::string folded_name(std::string_view name);
/// `name`, or with the first of ` (2)`, ` (3)`, … that no active or pending participant has. Cut in
/// front of the number where it would have more than 80 characters.
base::Result<std::string> free_name(Act& act, std::int64_t space, std::string_view name);
/// A new row, at the next position, which is written into `participant`.
base::Result<void> insert_participant(Act& act, Participant& participant);
/// Error: limit_reached (`participants`) when the space has 200 active ones.
base::Result<void> require_room(Act& act, std::int64_t space);

/// Each answers the participant as it is then; a repeat has no effect. Errors: not_found,
/// participant_state (with `status`), owner_protected.
base::Result<Participant> approve(Act& act, const Space& space, std::string_view id);
base::Result<Participant> deny(Act& act, const Space& space, std::string_view id,
                               const std::optional<std::string>& reason);
enum class Rotate : std::uint8_t { none, own, all };
struct Kicked {
  Participant participant;
  std::vector<std::string> blocked;  ///< what is blocked now: `participantId`, `address`
  std::vector<Invited> rotated;
};
base::Result<Kicked> kick(Act& act, const Space& space, std::string_view id,
                          const std::optional<std::string>& reason, Rotate rotate, bool block);
/// A participant that is kicked already: `block` sets or lifts the block, nothing else happens.
/// `duration_s` of mute absent: without end.
base::Result<Participant> mute(Act& act, const Space& space, std::string_view id,
                               std::optional<std::int64_t> duration_s);
base::Result<Participant> unmute(Act& act, const Space& space, std::string_view id);
/// All its keys end; the next poll with its join token collects a new one. participant_state also
/// for one that joined at once and without a join token: nothing could collect the key.
base::Result<Participant> reissue(Act& act, const Space& space, std::string_view id);
base::Result<Participant> leave(Act& act, const Space& space, const Caller& caller,
                                const std::optional<std::string>& reason);

/// `for_owner` adds `invitationId` and `requestedAt`.
base::json::object render(const Participant& participant, std::int64_t now_ms, bool for_owner);
/// Tells the readers (`participant` notice; owner only for pending and denied).
void tell_participant(Act& act, const Participant& participant, std::string_view action,
                      Audience audience = Audience::everybody);

}  // namespace kronborg::spaces

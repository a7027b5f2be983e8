#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "spaces/act.h"
#include "spaces/space.h"

namespace kronborg::spaces {

/// docs/protocol/spaces.md section 5.
struct Invitation {
  std::string id;
  std::int64_t space = 0, position = 0;
  KeyType key_type = KeyType::participant;
  std::optional<std::string> label;
  std::int64_t created_at_ms = 0, expires_at_ms = 0, max_uses = 0, uses = 0;
  bool requires_approval = false, listed = false;
  std::string state;  ///< live, expired, used_up, revoked, rotated
  std::optional<std::string> successor_id;
  std::optional<std::string> hint;  ///< of its key
  std::optional<std::int64_t> last_used_at_ms;
};

struct NewInvitation {
  KeyType key_type = KeyType::participant;  ///< participant or observer
  std::optional<std::int64_t> expires_in_s;
  std::optional<std::int64_t> max_uses;
  std::optional<bool> requires_approval;
  std::optional<std::string> label;
  bool listed = false;
};
struct Invited {
  Invitation invitation;
  credential::SpaceKey key;
  std::optional<std::string> replaces;  ///< id of the one it was rotated from
};
/// Errors: limit_reached (live invitations), space_not_public.
base::Result<Invited> invite(Act& act, const Space& space, const NewInvitation& wanted);
/// Error: not_found (object "invitation").
base::Result<Invitation> read_invitation(Act& act, std::int64_t space, std::string_view id);
struct InvitationPage {
  std::vector<Invitation> invitations;
  std::int64_t last = 0;
  bool has_more = false;
};
base::Result<InvitationPage> list_invitations(Act& act, std::int64_t space, std::int64_t after,
                                              int limit);
/// The key dies (`invitation_revoked`); `cancel_pending` also denies the joins that wait on it.
base::Result<Invitation> revoke_invitation(Act& act, const Space& space, std::string_view id,
                                           bool cancel_pending);
/// The old key dies (`invitation_rotated`); a successor with the same settings, end and uses.
/// Error: conflict of a dead one: participant_state is not used, `limit_reached` neither; a dead
/// invitation answers not_found (object "invitation").
base::Result<Invited> rotate_invitation(Act& act, const Space& space, std::string_view id);
/// For kick: rotates it when it is live, else nothing.
base::Result<std::optional<Invited>> rotate_if_live(Act& act, const Space& space,
                                                    std::string_view id);
base::Result<std::vector<Invited>> rotate_all_live(Act& act, const Space& space);
/// Ends all live invitations of an ownerless or closed space without successors.
base::Result<void> end_all_invitations(Act& act, std::int64_t space);
/// One use, in the transaction of the join; at the last one the key dies (`max_uses`).
/// true: this was the last.
base::Result<bool> use_invitation(Act& act, const Invitation& invitation);

/// The answer of `invite`: with key and links.
base::json::object render(const Invited& invited, const Space& space, const Parts& parts);
/// The list form: without key and links, with `hint`, `state`, `successorId`?, `lastUsedAt`?.
base::json::object render(const Invitation& invitation);
/// The invitation card in Markdown (section 5.2); the words of the owner are escaped.
std::string card(const Invitation& invitation, const Space& space, std::string_view key,
                 const Parts& parts);
std::string agent_link(const Parts& parts, std::string_view space_id, std::string_view key);

}  // namespace kronborg::spaces

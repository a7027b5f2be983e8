#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "spaces/act.h"
#include "spaces/keys.h"
#include "spaces/participant.h"
#include "spaces/space.h"

namespace kronborg::spaces {

/// docs/protocol/spaces.md section 6.
struct NewJoin {
  std::string name;
  std::optional<std::string> role;
  struct Proof {
    std::string challenge_id, signature;
  };
  std::optional<Proof> proof;
  std::optional<std::int64_t> key_expires_in_s;
  std::optional<credential::SpaceKeyHash> chosen_token;  ///< SHA-256 of X-Join-Token
};
struct Joined {
  Participant participant;
  bool name_changed = false;
  bool ended_invitation = false;                   ///< it took the last use
  std::optional<Minted> key;                       ///< without approval
  std::optional<credential::SpaceKey> join_token;  ///< pending, and drawn here
  Space space;                                     ///< as it is after the join
};
/// Errors: blocked, identity_required, limit_reached (`participants`, `pending`), those of a proof.
base::Result<Joined> join(Act& act, const Caller& invitation, const NewJoin& wanted);

/// What a poll finds (section 6.2).
struct JoinState {
  enum class Kind : std::uint8_t { pending, needs_token, delivered, collect_now } kind;
  Participant participant;
  std::optional<Minted> key;  ///< collect_now, under a write
  std::int64_t last_seq = 0;
};
/// `token`: SHA-256 of the join token that was sent. Under a read it never mints: `kind` says
/// collect_now and the caller repeats it under a write. `may_mint` says which. Errors: not_found
/// (object "participant"), join_token_invalid, join_denied, join_expired, participant_removed.
base::Result<JoinState> poll_join(Act& act, const Caller& invitation,
                                  std::string_view participant_id,
                                  const std::optional<credential::SpaceKeyHash>& token,
                                  bool may_mint);
/// The invitation key behind a join, dead or alive, when the join token is right and the space is
/// open: what makes polling outlive the invitation. Nothing otherwise.
base::Result<std::optional<Caller>> waiting_joiner(sql::Transaction& transaction,
                                                   const credential::SpaceKeyHash& invitation,
                                                   std::string_view space_id,
                                                   std::string_view participant_id,
                                                   const credential::SpaceKeyHash& token,
                                                   std::int64_t now_ms);

}  // namespace kronborg::spaces

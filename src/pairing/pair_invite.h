#pragma once

#include <string_view>

#include "base/result.h"
#include "pairing/attempts.h"
#include "pairing/host.h"
#include "pairing/invites.h"
#include "pairing/owner.h"

namespace kronborg::pairing {

/// POST /pair-invite (docs/protocol/pairing.md sections 6.2 and 7): an invite, or owner redeem.
/// Thread-safe; blocks.
class InviteDoor {
 public:
  InviteDoor(Attempts& attempts, Invites& invites, OwnerRedeems& owners)
      : attempts_(attempts), invites_(invites), owners_(owners) {}

  /// The first failing row, or the answer. 401 and 403 cool the source down. `actor`: for the
  /// audit. Errors: pairing_rate_limited, those of Invites::judge() and redeem(), and of
  /// OwnerRedeems::answer().
  base::Result<Answered200> answer(const authority::Actor& actor, std::string_view source,
                                   std::string_view body);

 private:
  base::Result<Answered200> judge(const authority::Actor& actor, std::string_view source,
                                  std::string_view body);

  Attempts& attempts_;
  Invites& invites_;
  OwnerRedeems& owners_;
};

}  // namespace kronborg::pairing

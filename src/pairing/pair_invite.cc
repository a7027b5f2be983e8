#include "pairing/pair_invite.h"

#include <utility>

#include "base/json.h"

namespace kronborg::pairing {

using base::Code;

base::Result<Answered200> InviteDoor::judge(const authority::Actor& actor, std::string_view source,
                                            std::string_view body) {
  auto value = base::parse_json(body);
  auto* members = value ? value->if_object() : nullptr;
  if (members == nullptr) return Code::invite_malformed;
  if (const auto* owner = members->if_contains("owner_redeem")) {
    return owners_.answer(actor, *owner);
  }
  if (members->contains("team_redeem")) return Code::invite_malformed;
  TRY(const auto redeemable, invites_.judge(std::move(*members)));
  return invites_.redeem(actor, source, redeemable);
}

base::Result<Answered200> InviteDoor::answer(const authority::Actor& actor, std::string_view source,
                                             std::string_view body) {
  TRY_VOID(attempts_.admit(source));
  auto answered = judge(actor, source, body);
  if (!answered && (answered.error().status() == 401 || answered.error().status() == 403)) {
    attempts_.cool_down(source);
  }
  return answered;
}

}  // namespace kronborg::pairing

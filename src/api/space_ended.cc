#include "api/space_ended.h"

#include <string>
#include <utility>

#include "base/clock.h"

namespace kronborg::api {
namespace {

using base::Code;
using base::Error;

std::string hint_of(std::string_view reason) {
  if (reason == "kicked") return "Stop using this key. Only the owner can invite you again.";
  if (reason == "rotated") return "Use the key that the rotation answered.";
  if (reason == "reissued") return "Poll your join with its joinToken: it gives a new key.";
  if (reason == "max_uses" || reason == "invitation_revoked" || reason == "invitation_rotated") {
    return "Ask the owner of the space for a new invitation.";
  }
  return {};
}

}  // namespace

Error ended(const spaces::DeadKey& dead) {
  const Code code = dead.code == "space_closed"  ? Code::space_closed
                    : dead.code == "key_expired" ? Code::key_expired
                                                 : Code::key_revoked;
  Error error(code);
  if (code == Code::key_revoked) error.message = "This key has been revoked.";
  if (code == Code::key_expired) error.message = "This key has expired.";
  error.hint = hint_of(dead.reason);
  if (error.hint.empty()) error.hint = "Create a space, or ask for an invitation.";
  return std::move(error)
      .with({.name = "reason", .value = std::string(dead.reason)})
      .with({.name = "endedAt", .value = base::iso_time(dead.ended_at_ms)});
}

Error ended(const spaces::Found& found) {
  const auto* dead = std::get_if<spaces::DeadKey>(&found);
  return dead == nullptr ? Error(Code::key_unknown) : ended(*dead);
}

std::optional<Error> ended_space(const spaces::DeadKey& dead) {
  if (dead.space_reason.empty()) return std::nullopt;
  return ended(spaces::DeadKey{.code = "space_closed",
                               .reason = dead.space_reason,
                               .ended_at_ms = dead.space_ended_at_ms,
                               .was = dead.was});
}

}  // namespace kronborg::api

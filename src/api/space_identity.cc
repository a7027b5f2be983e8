#include "api/space_operations.h"
#include "base/clock.h"
#include "spaces/proof.h"

// docs/protocol/spaces.md section 10.

namespace kronborg::api {
namespace {

constexpr std::size_t most_address_bytes = 100;
constexpr std::size_t most_signature_bytes = 4'096;  // one that is malformed is the domain's to say

}  // namespace

base::Result<SpaceEffect> request_challenge(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  identity::Address address;
  if (const auto text = members.bytes("address", most_address_bytes, Need::required)) {
    const auto read = spaces::address_from_input(*text);
    if (!read) {
      members.fault("address", "bad_pattern",
                    "It must be 0x and 40 hexadecimal digits, in lower case or with the checksum "
                    "of EIP-55.");
    }
    address = read.value_or(address);
  }
  TRY_VOID(call.finish(members));
  return [caller = call.caller(), address](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const spaces::Challenge made, spaces::challenge(act, caller, address));
    return SpaceOutcome{.body = {
                            {"challengeId", made.id},
                            {"address", made.address.text()},
                            {"message", made.message},
                            {"nonce", made.nonce},
                            {"expiresAt", base::iso_time(made.expires_at_ms)},
                        }};
  };
}

base::Result<SpaceEffect> prove_identity(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  const std::string challenge = members.uuid("challengeId", Need::required).value_or("");
  const std::string signature =
      members.bytes("signature", most_signature_bytes, Need::required).value_or("");
  TRY_VOID(call.finish(members));
  return [caller = call.caller(), challenge,
          signature](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const spaces::Proven proven, spaces::attach(act, caller, challenge, signature));
    return SpaceOutcome{.body = {
                            {"participantId", spaces::text_of(caller.holder)},
                            {"address", proven.address.text()},
                            {"verified", true},
                            {"verifiedAt", base::iso_time(proven.verified_at_ms)},
                        }};
  };
}

base::Result<SpaceEffect> remove_identity(const SpaceDesk&, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [caller = call.caller()](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY_VOID(spaces::detach(act, caller));
    return SpaceOutcome{
        .body = {{"participantId", spaces::text_of(caller.holder)}, {"verified", false}}};
  };
}

}  // namespace kronborg::api

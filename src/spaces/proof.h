#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/address.h"
#include "spaces/act.h"

namespace kronborg::spaces {

/// Proven identity (docs/protocol/spaces.md section 10).
struct Challenge {
  std::string id, message, nonce;
  identity::Address address;
  std::int64_t expires_at_ms = 0;
};
/// For the caller's key: `attach` for participants, `join` for an invitation. Good for 120 s.
/// Error: store_full.
base::Result<Challenge> challenge(Act& act, const Caller& caller, const identity::Address& address);

/// Consumes the challenge and checks the signature. A wrong signature uses the challenge up all the
/// same (Act::keep), so this comes before everything that a refusal must undo. Writes no audit.
/// Errors: challenge_expired, signature_invalid (400), blocked, address_in_use.
base::Result<identity::Address> prove(Act& act, const Caller& caller, std::string_view challenge_id,
                                      std::string_view signature);
/// Attaches a proven address to the caller's participant, in place of an earlier one. Audit
/// `identity.proven`; readers are told `verified`.
struct Proven {
  identity::Address address;
  std::int64_t verified_at_ms = 0;
};
base::Result<Proven> attach(Act& act, const Caller& caller, std::string_view challenge_id,
                            std::string_view signature);
/// Takes the proven address off; nothing when there is none. Audit `identity.removed`; readers are
/// told `unverified`. Error: identity_required in a space with require_verified.
base::Result<void> detach(Act& act, const Caller& caller);

/// `0x` and 40 digits, all lower case or with the checksum of EIP-55 (section 10).
std::optional<identity::Address> address_from_input(std::string_view text);

/// EIP-191 personal_sign (version 0x45): 65 bytes as `0x` and 130 hex digits, v 27 or 28, low s.
/// Nothing when it is not one, or recovers to nothing.
std::optional<identity::Address> signer_of(std::string_view message, std::string_view signature);

}  // namespace kronborg::spaces

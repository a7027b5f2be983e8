#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "identity/address.h"
#include "identity/signed_message.h"

namespace kronborg::pairing {

// The texts that are signed in pairing (docs/protocol/pairing.md). Nonces and keys are the texts as
// sent; addresses are written lower, except in an invite, which signs its own as written.

/// Section 2.2, by the connector's pairing key. `enc_pub` empty: there is none.
std::string connector_text(std::string_view nonce, std::string_view enc_pub);

/// In which answer the host proves itself.
enum class Answered : std::uint8_t { pair, invite, redeem };
/// Sections 2.4, 6.2 and 7, by the agent's key. The answer of /pair covers no key.
std::string server_text(Answered answered, const identity::Address& agent, std::string_view nonce,
                        std::string_view enc_pub);

/// Section 6.1, the short text of an invite.
std::string invite_text(std::string_view address_as_written, std::string_view nonce,
                        std::int64_t expires_at);
/// Section 7, by the master.
std::string owner_text(const identity::Address& agent, std::string_view nonce);

/// `signature` (hexadecimal, either case, optional 0x) over `text` is by `signer`.
bool is_signed_by(const identity::Address& signer, identity::Prefix prefix, std::string_view text,
                  std::string_view signature);

}  // namespace kronborg::pairing

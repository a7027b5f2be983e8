#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "identity/address.h"

namespace kronborg::pairing {

/// An invite as it travels (docs/protocol/pairing.md section 6.1); texts as written.
struct Invite {
  std::string addr;  ///< signed as written
  std::optional<std::string> desc;
  std::int64_t exp = 0;  ///< Unix seconds
  std::string name;
  std::string nonce;  ///< base64url of 32 bytes
  std::string url;    ///< base URL of the host
  std::string sig;
  std::optional<std::string> sig2;
  base::json::object members;  ///< all of them, unknown ones too: what sig2 is over
};

/// Members and types, then the version. Errors: invite_malformed, invite_version.
base::Result<Invite> read_invite(base::json::object members);

/// What sig2 signs: canonical JSON of the members except `sig`, `sig2` and `encPub`, unset ones
/// left out.
std::string covered_by_sig2(const base::json::object& members);

/// `sig` is by `addr`; `sig2`, if there, too. The address, or nothing.
std::optional<identity::Address> signer_of(const Invite& invite);

/// `osaurus://<lower address>?pair=<base64url of the canonical JSON>`.
std::string invite_link(const Invite& invite);
/// The link that somebody was sent, white space around it left out. Nothing is verified but that
/// link and payload name one address. Errors: invite_link_malformed, invite_version.
base::Result<Invite> parse_invite_link(std::string_view text);

/// The choices for the life of an invite.
enum class InviteLife : std::uint8_t { hour, day, days_7, days_30 };
std::optional<InviteLife> invite_life_named(std::string_view name);  ///< 1h, 1d, 7d, 30d
std::int64_t seconds_of(InviteLife life);

}  // namespace kronborg::pairing

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace kronborg::cli {

/// What an invitation says (docs/protocol/spaces.md section 5.1).
struct InvitationLink {
  std::string origin;  ///< without a last slash
  std::string space_id;
  base::SecretText key;
};

/// Either link: `<origin>/space/<id>/<key>/.well-known/agent.md` or `<origin>/join/<id>#<key>`. The
/// error says nothing of what was read: it may hold a key. Error: usage.
base::Result<InvitationLink> parse_invitation_link(std::string_view text);

/// 64 hexadecimal digits, in lower case.
bool is_space_key(std::string_view text);

/// Its host is a loopback address or `localhost`.
bool is_this_machine(std::string_view server);
/// Keys travel readable to this server: it is spoken to without TLS beyond this machine.
bool is_overheard(std::string_view server);

}  // namespace kronborg::cli

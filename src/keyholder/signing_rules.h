#pragma once

#include "base/bytes.h"
#include "identity/derivation.h"
#include "identity/signed_message.h"

namespace kronborg::keyholder {

/// The table of docs/protocol/identity.md section 3.1: "The key holder MUST sign only under these
/// prefixes, each only with the key kinds of its row; under EIP-191 only payloads that begin
/// `osaurus-owner:redeem:`, `kronborg identity proof v1` LF or `kronborg artifact sign-off v1` LF."
bool may_sign(identity::Prefix prefix, identity::KeyKind key, base::BytesView payload);

}  // namespace kronborg::keyholder

#pragma once

#include <optional>

#include "api/members.h"
#include "authority/identity.h"
#include "base/secret.h"

namespace kronborg::api {

/// The members that choose a keystore: `keystore`, `passphrase` or `pin` as that kind has it,
/// `recoveryDir`, `replace`. Faults are left to finish().
authority::CreateIdentity read_keystore(Members& members);

/// What opens a keystore that exists: `passphrase` or `pin`, not both; empty without either.
base::SecretText read_opening_secret(Members& members);

}  // namespace kronborg::api

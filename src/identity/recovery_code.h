#pragma once

#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace kronborg::identity {

/// `OSAURUS-XXXX-XXXX-XXXX-XXXX` from 8 random bytes (docs/protocol/identity.md section 14.1).
/// Shown once; never stored, logged or put in argv.
base::SecretText new_recovery_code(base::Random& random);

/// The password that a code stands for: 16 upper-case hex digits. Casing, white space, `-`, `_`,
/// `.` and a leading OSAURUS do not matter. Error: recovery_code_format.
base::Result<base::SecretText> password_of_code(std::string_view text);

}  // namespace kronborg::identity

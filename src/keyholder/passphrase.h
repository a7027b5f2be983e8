#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace kronborg::keyholder {

inline constexpr std::size_t min_passphrase_scalars = 8;

/// Unicode NFC, so that a passphrase typed on another keyboard or system is the same bytes
/// (docs/protocol/identity.md section 13). Text that is not UTF-8 stays as it is.
base::SecretText normalised_passphrase(std::string_view typed);

/// The form to seal with. Error: passphrase_too_short for fewer than 8 characters after
/// normalisation, and for text that is not UTF-8.
base::Result<base::SecretText> new_passphrase(std::string_view typed);

}  // namespace kronborg::keyholder

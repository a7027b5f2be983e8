#pragma once

#include "keyholder/keystore.h"

namespace kronborg::keyholder {

/// The kind `file`: the secret members lie in the clear in the member `plain`, protected by the
/// mode 0600 alone (docs/protocol/identity.md section 13: "for trials and unattended starts only").
base::Result<std::string> write_file_keystore(const Keystore& keystore, const KeystoreFacts& facts,
                                              const Opener& opener, std::int64_t now,
                                              base::Random& random);
base::Result<Keystore> open_file_keystore(std::string_view text, const Opener& opener);

}  // namespace kronborg::keyholder

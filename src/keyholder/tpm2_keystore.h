#pragma once

#include "keyholder/keystore.h"

namespace kronborg::keyholder {

/// The kind `tpm2` (docs/protocol/identity.md section 13): the file is sealed with a key that only
/// the TPM of this machine opens, on the PIN if there is one. Opener: `tpm`, and the PIN as
/// `secret`; empty when there is none.
base::Result<std::string> write_tpm2_keystore(const Keystore& keystore, const KeystoreFacts& facts,
                                              const Opener& opener, std::int64_t now,
                                              base::Random& random);
base::Result<Keystore> open_tpm2_keystore(std::string_view text, const Opener& opener);

}  // namespace kronborg::keyholder

#pragma once

#include "keyholder/keystore.h"

namespace kronborg::keyholder {

/// The kind `passphrase`: a sealed file with the format `kronborg-keystore`
/// (docs/protocol/identity.md sections 13 and 14.2). `kind` and `device_id` are further readable
/// members, bound to the ciphertext like the others.
base::Result<std::string> write_passphrase_keystore(const Keystore& keystore,
                                                    const KeystoreFacts& facts,
                                                    const Opener& opener, std::int64_t now,
                                                    base::Random& random);
base::Result<Keystore> open_passphrase_keystore(std::string_view text, const Opener& opener);

}  // namespace kronborg::keyholder

#pragma once

#include "keyholder/keystore.h"

namespace kronborg::keyholder {

/// The kind `secret-service` (docs/protocol/identity.md section 13): the file is sealed with a key
/// that the desktop keyring keeps, as the item that the file names. Opener: that key as `secret`,
/// 64 hexadecimal digits, as keyring.h gives it.
base::Result<std::string> write_secret_service_keystore(const Keystore& keystore,
                                                        const KeystoreFacts& facts,
                                                        const Opener& opener, std::int64_t now,
                                                        base::Random& random);
base::Result<Keystore> open_secret_service_keystore(std::string_view text, const Opener& opener);

}  // namespace kronborg::keyholder

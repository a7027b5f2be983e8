#pragma once

#include "base/json.h"
#include "keyholder/keystore.h"

namespace kronborg::keyholder {

// Keystores whose file is sealed with 32 random bytes that lie elsewhere, in a TPM or in a keyring:
// XChaCha20-Poly1305 with the canonical JSON of the object without `ct` as associated data, as in
// docs/protocol/identity.md section 14.2, and no `kdf`.

/// The text of the file. `place`: the further readable members.
std::string wrap_keystore(const Keystore& keystore, const KeystoreFacts& facts,
                          const base::json::object& place, const base::Secret<32>& key,
                          std::int64_t now, base::Random& random);

/// Error: keystore_damaged, also for a key that does not fit.
base::Result<Keystore> unwrap_keystore(const base::json::object& file, const base::Secret<32>& key);

/// The file as an object. Error: keystore_damaged.
base::Result<base::json::object> keystore_object(std::string_view text);

}  // namespace kronborg::keyholder

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/secp256k1.h"

namespace kronborg::identity {

/// The 24 English words of BIP-39 that hold the master key itself (docs/protocol/identity.md
/// section 4): no PBKDF2, no passphrase, no derivation path. Joined by single spaces.
base::SecretText words_of(const crypto::PrivateKey& master);

/// The key in 24 words, in any ASCII casing, split at white space. Errors, the first that applies:
/// word_count, unknown_word (with `word` as detail and in the text), checksum, not_a_key.
base::Result<crypto::PrivateKey> key_of_words(std::string_view text);

}  // namespace kronborg::identity

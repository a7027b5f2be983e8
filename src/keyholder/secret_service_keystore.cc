#include "keyholder/secret_service_keystore.h"

#include "base/encoding.h"
#include "keyholder/wrapped_keystore.h"

namespace kronborg::keyholder {
namespace {

base::Result<base::Secret<32>> key_of(const Opener& opener) {
  base::Secret<32> key;
  if (opener.secret.size() != 64 || !base::hex_strict_into(opener.secret, key.fill())) {
    return base::Error(base::Code::keystore_damaged,
                       "The item in the keyring does not hold a key of kronborg.");
  }
  return key;
}

}  // namespace

base::Result<std::string> write_secret_service_keystore(const Keystore& keystore,
                                                        const KeystoreFacts& facts,
                                                        const Opener& opener, std::int64_t now,
                                                        base::Random& random) {
  TRY(const base::Secret<32> key, key_of(opener));
  return wrap_keystore(keystore, facts, {{"item", facts.item}}, key, now, random);
}

base::Result<Keystore> open_secret_service_keystore(std::string_view text, const Opener& opener) {
  TRY(const base::Secret<32> key, key_of(opener));
  TRY(const base::json::object file, keystore_object(text));
  return unwrap_keystore(file, key);
}

}  // namespace kronborg::keyholder

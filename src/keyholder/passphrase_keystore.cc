#include "keyholder/passphrase_keystore.h"

#include "identity/sealed_file.h"
#include "keyholder/passphrase.h"

namespace kronborg::keyholder {

base::Result<std::string> write_passphrase_keystore(const Keystore& keystore,
                                                    const KeystoreFacts& facts,
                                                    const Opener& opener, std::int64_t now,
                                                    base::Random& random) {
  TRY(const base::SecretText password, new_passphrase(opener.secret));
  identity::SealedHeader header;
  header.format = identity::keystore_format;
  header.address = facts.master;
  header.created_at = facts.created_at;
  header.updated_at = now;
  random.fill(header.salt);
  header.extra = {{"kind", kind_name(facts.kind)}, {"device_id", facts.device_id}};
  TRY(const base::Secret<32> key, identity::key_of_password(header, password.reveal()));
  return identity::seal(header, key, secret_text_of(keystore).reveal(), random);
}

base::Result<Keystore> open_passphrase_keystore(std::string_view text, const Opener& opener) {
  TRY(const identity::SealedFile file, identity::read_sealed(text, identity::keystore_format));
  const base::SecretText password = normalised_passphrase(opener.secret);
  TRY(const identity::OpenedFile opened,
      identity::open_with_password(file, password.reveal(), base::Code::wrong_passphrase));
  return keystore_of(opened.plain.reveal());
}

}  // namespace kronborg::keyholder

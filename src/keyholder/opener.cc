#include "keyholder/opener.h"

#include <string>

#include "keyholder/content.h"

namespace kronborg::keyholder {
namespace {

constexpr std::size_t keyring_key_bytes = 64;

}  // namespace

base::Result<HeldOpener> HeldOpener::of(KeystoreKind kind, std::string_view secret,
                                        const Descriptor* aid) {
  const bool aided = kind == KeystoreKind::tpm2 || kind == KeystoreKind::secret_service;
  if (aided && aid == nullptr) return base::Code::keystore_unavailable;
  if (kind == KeystoreKind::tpm2) return HeldOpener(base::SecretText(secret), aid->get());
  if (kind != KeystoreKind::secret_service) return HeldOpener(base::SecretText(secret), -1);
  TRY(std::string key, read_content(aid->get(), keyring_key_bytes, "the key from the keyring"));
  HeldOpener opener(base::SecretText(key), -1);
  base::wipe(key.data(), key.size());
  return opener;
}

}  // namespace kronborg::keyholder

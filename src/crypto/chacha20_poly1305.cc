#include "crypto/chacha20_poly1305.h"

#include <sodium.h>

#include <cstdlib>

namespace kronborg::crypto {

static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == chacha20_poly1305_tag_bytes);

base::Bytes chacha20_poly1305_seal(const base::Secret<32>& key, const ChaChaNonce& nonce,
                                   base::BytesView associated, base::BytesView plain) {
  if (sodium_init() < 0) std::abort();
  base::Bytes sealed(plain.size() + chacha20_poly1305_tag_bytes);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, plain.data(), plain.size(),
                                            associated.data(), associated.size(), nullptr,
                                            nonce.data(), key.reveal().data());
  return sealed;
}

std::optional<base::SecretText> chacha20_poly1305_open(const base::Secret<32>& key,
                                                       const ChaChaNonce& nonce,
                                                       base::BytesView associated,
                                                       base::BytesView sealed) {
  if (sodium_init() < 0) std::abort();
  if (sealed.size() < chacha20_poly1305_tag_bytes) return std::nullopt;
  base::Bytes plain(sealed.size() - chacha20_poly1305_tag_bytes);
  // A failure leaves zeros behind.
  if (crypto_aead_chacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, sealed.data(),
                                                sealed.size(), associated.data(), associated.size(),
                                                nonce.data(), key.reveal().data()) != 0) {
    return std::nullopt;
  }
  base::SecretText opened(base::text_of(plain));
  base::wipe(plain.data(), plain.size());
  return opened;
}

}  // namespace kronborg::crypto

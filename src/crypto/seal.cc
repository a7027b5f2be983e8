#include "crypto/seal.h"

#include <sodium.h>

#include <cstdlib>

namespace kronborg::crypto {
namespace {

/// Chooses the fastest code for this processor; cheap after the first call, and thread-safe.
void prepare_sodium() {
  if (sodium_init() < 0) std::abort();
}

}  // namespace

base::Result<base::Secret<32>> argon2id(base::BytesView password,
                                        std::span<const std::uint8_t, 16> salt, Argon2Cost cost) {
  static_assert(crypto_pwhash_argon2id_SALTBYTES == 16);
  prepare_sodium();
  base::Secret<32> key;
  const std::span<std::uint8_t, 32> out = key.fill();
  if (crypto_pwhash_argon2id(out.data(), out.size(), base::text_of(password).data(),
                             password.size(), salt.data(), cost.opslimit, cost.memlimit,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return base::Error(base::Code::internal_error, "There is not enough memory to derive the key.",
                       "Free memory (a keystore needs 256 MiB for a moment), then try again.");
  }
  return key;
}

base::Bytes aead_seal(const base::Secret<32>& key, std::span<const std::uint8_t, 24> nonce,
                      base::BytesView associated, base::BytesView plain) {
  prepare_sodium();
  base::Bytes sealed(plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data(), nullptr, plain.data(), plain.size(),
                                             associated.data(), associated.size(), nullptr,
                                             nonce.data(), key.reveal().data());
  return sealed;
}

std::optional<base::Bytes> aead_open(const base::Secret<32>& key,
                                     std::span<const std::uint8_t, 24> nonce,
                                     base::BytesView associated, base::BytesView sealed) {
  prepare_sodium();
  if (sealed.size() < crypto_aead_xchacha20poly1305_ietf_ABYTES) return std::nullopt;
  base::Bytes plain(sealed.size() - crypto_aead_xchacha20poly1305_ietf_ABYTES);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), nullptr, nullptr, sealed.data(), sealed.size(), associated.data(),
          associated.size(), nonce.data(), key.reveal().data()) != 0) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace kronborg::crypto

#include "crypto/key_wrap.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

namespace kronborg::crypto {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<EVP_PKEY> key_of(base::BytesView public_key_info) {
  const std::uint8_t* at = public_key_info.data();
  Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key_info.size())));
  ERR_clear_error();
  return at == public_key_info.data() + public_key_info.size() ? std::move(key) : nullptr;
}

bool set_label(EVP_PKEY_CTX* context, base::BytesView label) {
  // The context takes the copy over.
  void* const copy = OPENSSL_memdup(label.data(), label.size());
  if (copy == nullptr) return false;
  if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, static_cast<int>(label.size())) == 1) {
    return true;
  }
  OPENSSL_free(copy);
  return false;
}

}  // namespace

base::Result<void> aes128_cfb_encrypt(const base::Secret<16>& key, std::span<std::uint8_t> bytes) {
  constexpr std::uint8_t zeros[16] = {};
  const Owned<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  int written = 0;
  if (!context ||
      EVP_EncryptInit_ex2(context.get(), EVP_aes_128_cfb128(), key.reveal().data(), zeros,
                          nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), bytes.data(), &written, bytes.data(),
                        static_cast<int>(bytes.size())) != 1 ||
      written != static_cast<int>(bytes.size())) {
    return base::Error(base::Code::internal_error, "OpenSSL cannot encrypt with AES.");
  }
  return {};
}

std::optional<P256PublicKey> p256_key_of(base::BytesView public_key_info) {
  const Owned<EVP_PKEY> key = key_of(public_key_info);
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_EC) return std::nullopt;
  char group[32] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key.get(), group, sizeof group, &size) != 1 ||
      std::string_view(group, size) != SN_X9_62_prime256v1) {
    return std::nullopt;
  }
  P256PublicKey point{};
  const bool read = EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                    point.data(), point.size(), &size) == 1;
  ERR_clear_error();
  if (!read || size != point.size() || point[0] != 0x04) return std::nullopt;
  return point;
}

std::optional<base::Bytes> rsa2048_oaep_encrypt(base::BytesView public_key_info,
                                                base::BytesView label, base::BytesView message) {
  const Owned<EVP_PKEY> key = key_of(public_key_info);
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) != 2048) {
    return std::nullopt;
  }
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  base::Bytes sealed(256);
  std::size_t size = sealed.size();
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) != 1 ||
      !set_label(context.get(), label) ||
      EVP_PKEY_encrypt(context.get(), sealed.data(), &size, message.data(), message.size()) != 1 ||
      size != sealed.size()) {
    ERR_clear_error();
    return std::nullopt;
  }
  return sealed;
}

}  // namespace kronborg::crypto

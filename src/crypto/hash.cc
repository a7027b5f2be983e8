#include "crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>
#include <span>

namespace kronborg::crypto {
namespace {

/// Hashing known algorithms fails only when memory or the library itself is broken: nothing that a
/// caller could do better than stop.
void must(bool done) {
  if (!done) std::abort();
}

/// Looked up once: a fetch by name costs more than a short hash. Never freed, as threads may hash
/// until the process ends.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  must(algorithm != nullptr);
  return algorithm;
}

EVP_MAC* hmac_algorithm() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  must(algorithm != nullptr);
  return algorithm;
}

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

void hmac(const char* digest, base::BytesView key, std::initializer_list<base::BytesView> parts,
          std::span<std::uint8_t> out) {
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(hmac_algorithm()));
  must(context != nullptr);
  // The parameter type is not const; the library only reads the name.
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end()};
  // A null key would mean "the key set before", so an empty one needs an address.
  static constexpr std::uint8_t empty_key = 0;
  must(EVP_MAC_init(context.get(), key.empty() ? &empty_key : key.data(), key.size(), parameters) ==
       1);
  for (const base::BytesView part : parts) {
    must(EVP_MAC_update(context.get(), part.data(), part.size()) == 1);
  }
  std::size_t written = 0;
  must(EVP_MAC_final(context.get(), out.data(), &written, out.size()) == 1 &&
       written == out.size());
}

}  // namespace

std::array<std::uint8_t, 32> sha256(base::BytesView bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  must(context != nullptr);
  std::array<std::uint8_t, 32> digest{};
  must(EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1);
  must(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  must(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

base::Secret<64> hmac_sha512(base::BytesView key, std::initializer_list<base::BytesView> parts) {
  base::Secret<64> mac;
  hmac("SHA512", key, parts, mac.fill());
  return mac;
}

std::array<std::uint8_t, 32> hmac_sha256(base::BytesView key, base::BytesView message) {
  std::array<std::uint8_t, 32> mac{};
  hmac("SHA256", key, {message}, mac);
  return mac;
}

base::Secret<32> secret_hmac_sha256(base::BytesView key,
                                    std::initializer_list<base::BytesView> parts) {
  base::Secret<32> mac;
  hmac("SHA256", key, parts, mac.fill());
  return mac;
}

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  must(state_->context != nullptr);
  must(EVP_DigestInit_ex2(state_->context.get(), sha256_algorithm(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(base::BytesView bytes) {
  must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::array<std::uint8_t, 32> Sha256::finish() {
  std::array<std::uint8_t, 32> digest{};
  must(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1);
  return digest;
}

base::Secret<32> hkdf_sha256(base::BytesView input, base::BytesView salt, base::BytesView info) {
  static constexpr std::uint8_t first_block = 1;
  base::Secret<32> extracted;
  hmac("SHA256", salt, {input}, extracted.fill());
  base::Secret<32> key;
  hmac("SHA256", extracted.reveal(), {info, {&first_block, 1}}, key.fill());
  return key;
}

}  // namespace kronborg::crypto

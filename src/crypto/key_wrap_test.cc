#include "crypto/key_wrap.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/certificate.h"

namespace kronborg::crypto {
namespace {

// Computed with the Python package cryptography: the first block is AES of zeros, each later one
// AES of the one before.
TEST(KeyWrap, CfbIsAesOfTheBlockBefore) {
  base::Secret<16> key;
  ASSERT_TRUE(base::hex_strict_into("000102030405060708090a0b0c0d0e0f", key.fill()));
  base::Bytes bytes(35, 0);
  ASSERT_TRUE(aes128_cfb_encrypt(key, bytes));
  EXPECT_EQ(base::hex(bytes),
            "c6a13b37878f5b826f4f8162a1c8d879"
            "af9d9926f7dac87192b1c4143ad98958"
            "1d2bd0");
}

base::json::object endorsement() {
  const auto text =
      base::read_file(std::string(KRONBORG_SOURCE_DIR) + "/testdata/devices/registration.json");
  return base::parse_json(text.value()).value().as_object().at("endorsement").as_object();
}

Certificate certificate(const char* name) {
  return Certificate::from_der(base::base64url_strict(endorsement().at(name).as_string()).value())
      .value();
}

/// With the private key, by the library itself.
base::Bytes opened(base::BytesView sealed, std::string_view label) {
  const auto der =
      base::base64url_strict(endorsement().at("rsa_private_key_der_b64u").as_string()).value();
  const std::uint8_t* at = der.data();
  EVP_PKEY* const key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size()));
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new(key, nullptr);
  EXPECT_EQ(EVP_PKEY_decrypt_init(context), 1);
  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING);
  EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256());
  EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256());
  EVP_PKEY_CTX_set0_rsa_oaep_label(context, OPENSSL_memdup(label.data(), label.size()),
                                   static_cast<int>(label.size()));
  base::Bytes out(512);
  std::size_t size = out.size();
  if (EVP_PKEY_decrypt(context, out.data(), &size, sealed.data(), sealed.size()) != 1) size = 0;
  out.resize(size);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
  return out;
}

TEST(KeyWrap, OaepIsOpenedWithTheSameLabelOnly) {
  constexpr std::string_view label("IDENTITY\0", 9);
  const auto key = certificate("rsa_certificate_b64u").public_key_info();
  const base::Bytes seed(32, 0x5A);
  const auto sealed = rsa2048_oaep_encrypt(key, base::bytes_of(label), seed);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->size(), 256U);
  EXPECT_EQ(opened(*sealed, label), seed);
  EXPECT_NE(opened(*sealed, "IDENTITY"), seed);
  EXPECT_NE(rsa2048_oaep_encrypt(key, base::bytes_of(label), seed), sealed);
}

TEST(KeyWrap, KeysOfAnotherKindAreRefused) {
  const auto rsa = certificate("rsa_certificate_b64u").public_key_info();
  const auto ec = certificate("certificate_b64u").public_key_info();
  EXPECT_FALSE(rsa2048_oaep_encrypt(ec, {}, base::Bytes(32)));
  EXPECT_FALSE(rsa2048_oaep_encrypt({}, {}, base::Bytes(32)));
  EXPECT_TRUE(p256_key_of(ec));
  EXPECT_FALSE(p256_key_of(rsa));
  EXPECT_FALSE(p256_key_of({}));
  auto longer = ec;
  longer.push_back(0);
  EXPECT_FALSE(p256_key_of(longer));
}

}  // namespace
}  // namespace kronborg::crypto

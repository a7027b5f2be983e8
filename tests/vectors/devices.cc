#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "identity/app_attest.h"
#include "identity/device_id.h"
#include "identity/tpm_evidence.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

template <class T>
std::string code_of(const base::Result<T>& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

/// The expected code, or `ok`.
std::string wanted(const json::object& row) {
  const json::object& expect = row.at("expect").as_object();
  return expect.at("ok").as_bool() ? "ok" : text_of(expect, "code");
}

base::Bytes b64u_of(const json::object& row, std::string_view name) {
  auto bytes = base::base64url_strict(text_of(row, name));
  EXPECT_TRUE(bytes) << name << " is not base64url";
  return bytes.value_or(base::Bytes());
}

std::array<std::uint8_t, 32> hash_of(const json::object& row, std::string_view name) {
  std::array<std::uint8_t, 32> hash{};
  EXPECT_TRUE(base::hex_strict_into(text_of(row, name), hash)) << name;
  return hash;
}

std::vector<std::string> texts_of(const json::object& row, std::string_view name) {
  std::vector<std::string> texts;
  for (const auto& text : row.at(name).as_array()) texts.emplace_back(text.as_string());
  return texts;
}

crypto::Certificate root_of(const json::object& file, std::string_view name) {
  return crypto::Certificate::all_from_pem(text_of(file.at("roots").as_object(), name))
      .value()
      .at(0);
}

void check_key(const crypto::P256PublicKey& key, const json::object& expect) {
  if (expect.contains("public_key_hex")) {
    EXPECT_EQ(base::hex(key), text_of(expect, "public_key_hex"));
  }
  if (expect.contains("key_id")) {
    EXPECT_EQ(identity::device_key_id(key), text_of(expect, "key_id"));
  }
  EXPECT_EQ(identity::DeviceId::of(key).text(), text_of(expect, "dev"));
}

void check_app_attest(const json::object& file) {
  EXPECT_EQ(identity::apple_app_attest_root().der(), root_of(file, "apple").der());
  for_each_row(file, "app_attest", [&](const json::object& row) {
    std::vector<identity::AppleEnvironment> environments;
    for (const auto& name : texts_of(row, "environments")) {
      environments.push_back(identity::environment_named(name).value());
    }
    const auto app_ids = texts_of(row, "app_ids");
    const auto root = root_of(file, text_of(row, "root"));
    const auto found =
        identity::verify_attestation(b64u_of(row, "attestation_b64u"), text_of(row, "key_id"),
                                     hash_of(row, "client_data_hash_hex"),
                                     {.app_ids = app_ids,
                                      .environments = environments,
                                      .root = root,
                                      .at = row.at("at").to_number<std::int64_t>()});
    EXPECT_EQ(code_of(found), wanted(row)) << text_of(row, "id");
    if (!found) return;
    const json::object& expect = row.at("expect").as_object();
    check_key(found->key, expect);
    EXPECT_EQ(found->app_id, text_of(expect, "app_id"));
    EXPECT_EQ(identity::environment_name(found->environment), text_of(expect, "environment"));
  });
}

void check_assertions(const json::object& file) {
  for_each_row(file, "assertions", [](const json::object& row) {
    const auto key = crypto::P256Verifier::of(bytes_of(row, "public_key_hex"));
    ASSERT_TRUE(key);
    const auto counter =
        identity::assertion_counter(b64u_of(row, "assertion_b64u"), *key,
                                    crypto::sha256(base::bytes_of(text_of(row, "app_id"))),
                                    hash_of(row, "client_data_hash_hex"));
    const json::object& expect = row.at("expect").as_object();
    const auto last = row.at("last_count").to_number<std::uint32_t>();
    EXPECT_EQ(counter && *counter > last, expect.at("ok").as_bool());
    if (expect.at("ok").as_bool()) {
      EXPECT_EQ(counter, expect.at("count").to_number<std::uint32_t>());
    }
  });
}

void check_tpm(const json::object& file) {
  for_each_row(file, "tpm", [](const json::object& row) {
    const auto device_public = bytes_of(row, "device_public_hex");
    const auto attestation_public = bytes_of(row, "ak_public_hex");
    const auto certify = bytes_of(row, "attest_hex");
    const auto signature = bytes_of(row, "signature_hex");
    const auto proof = b64u_of(row, "proof_b64u");
    const auto challenge = b64u_of(row, "challenge_b64u");
    ASSERT_EQ(challenge.size(), 32U);
    const auto found = identity::verify_tpm_evidence({.device_public = device_public,
                                                      .attestation_public = attestation_public,
                                                      .certify = certify,
                                                      .signature = signature,
                                                      .proof = proof},
                                                     base::BytesView(challenge).first<32>());
    EXPECT_EQ(code_of(found), wanted(row));
    if (found) check_key(found->key, row.at("expect").as_object());
  });
}

void check_software(const json::object& file) {
  for_each_row(file, "software", [](const json::object& row) {
    const auto challenge = b64u_of(row, "challenge_b64u");
    ASSERT_EQ(challenge.size(), 32U);
    const auto key = crypto::P256Verifier::of(bytes_of(row, "public_key_hex"));
    std::string outcome = "device_key_invalid";
    if (key) {
      outcome = identity::is_proof(b64u_of(row, "proof_b64u"), *key,
                                   base::BytesView(challenge).first<32>())
                    ? "ok"
                    : "device_proof_invalid";
    }
    EXPECT_EQ(outcome, wanted(row));
    if (outcome == "ok") check_key(key->key(), row.at("expect").as_object());
  });
}

}  // namespace

void check_devices(const json::object& file) {
  for_each_row(file, "device_ids", [](const json::object& row) {
    EXPECT_EQ(identity::device_id_of_key_id(text_of(row, "key_id")), text_of(row, "dev"));
  });
  check_app_attest(file);
  check_assertions(file);
  check_tpm(file);
  check_software(file);
}

}  // namespace kronborg::vectors

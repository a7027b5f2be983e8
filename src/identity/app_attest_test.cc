#include "identity/app_attest.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/hash.h"

namespace kronborg::identity {
namespace {

// The attestation of testdata/devices/registration.json; the rows of the contract are in
// testdata/vectors/devices.json.
class AppAttest : public testing::Test {
 protected:
  AppAttest() {
    const auto text =
        base::read_file(std::string(KRONBORG_SOURCE_DIR) + "/testdata/devices/registration.json");
    const auto file = base::parse_json(text.value()).value().as_object();
    const auto& apple = file.at("apple").as_object();
    const auto of = [&](const char* name) { return std::string(apple.at(name).as_string()); };
    roots_ = crypto::Certificate::all_from_pem(of("root")).value();
    app_ids_ = {of("app_id")};
    key_id_ = of("key_id");
    object_ = base::base64url_strict(of("attestation_b64u")).value();
    hash_ = crypto::sha256(base::base64url_strict(of("challenge_b64u")).value());
    EXPECT_TRUE(base::hex_strict_into(of("private_key_hex"), key_.fill()));
  }

  std::string outcome(base::BytesView object) {
    const auto found = verify_attestation(object, key_id_, hash_,
                                          {.app_ids = app_ids_,
                                           .environments = environments_,
                                           .root = roots_.front(),
                                           .at = 1'767'225'600});
    return found ? "good" : std::string(base::facts(found.error().code).name);
  }

  base::Secret<32> key_;
  base::Bytes object_;
  std::array<std::uint8_t, 32> hash_{};
  std::string key_id_;
  std::vector<std::string> app_ids_;
  std::vector<AppleEnvironment> environments_{AppleEnvironment::production};

 private:
  std::vector<crypto::Certificate> roots_;
};

TEST_F(AppAttest, TheRootIsTheOneThatApplePublishes) {
  EXPECT_EQ(base::hex(crypto::sha256(apple_app_attest_root().der())),
            "1cb9823ba28ba6ad2d33a006941de2ae4f513ef1d4e831b9f7e0fa7b6242c932");
}

TEST_F(AppAttest, IsGoodAsItIsAndWithNoByteMoreOrLess) {
  EXPECT_EQ(outcome(object_), "good");
  for (std::size_t size = 0; size < object_.size(); ++size) {
    ASSERT_EQ(outcome(base::BytesView(object_).first(size)), "attestation_malformed") << size;
  }
  base::Bytes longer = object_;
  longer.push_back(0xF6);
  EXPECT_EQ(outcome(longer), "attestation_malformed");
}

// Only the receipt may hold anything: everything else is signed or compared.
TEST_F(AppAttest, NoOtherByteIsAccepted) {
  const std::string whole(base::text_of(object_));
  const std::size_t receipt = whole.find("greceipt");
  ASSERT_NE(receipt, std::string::npos);
  int accepted = 0;
  for (std::size_t at = 0; at < object_.size(); ++at) {
    base::Bytes changed = object_;
    changed[at] ^= 0x01;
    if (outcome(changed) != "good") continue;
    ++accepted;
    EXPECT_TRUE(at >= receipt && at < receipt + 16) << at;
  }
  EXPECT_LT(accepted, 16);
}

TEST_F(AppAttest, NoAppAndNoEnvironmentMeansNone) {
  environments_.clear();
  EXPECT_EQ(outcome(object_), "attestation_environment");
  app_ids_.clear();
  EXPECT_EQ(outcome(object_), "attestation_app_id");
}

/// An assertion by the attested key, in the bytes that the library of a client would send.
base::Bytes assertion(const base::Secret<32>& key, std::string_view app_id, std::uint8_t counter,
                      Hash32 client_data_hash) {
  const auto app = crypto::sha256(base::bytes_of(app_id));
  base::Bytes data(app.begin(), app.end());
  data.insert(data.end(), {0x40, 0, 0, 0, counter});
  base::Bytes message = data;
  message.insert(message.end(), client_data_hash.begin(), client_data_hash.end());
  const auto raw = crypto::p256_sign(key, crypto::sha256(crypto::sha256(message))).value();
  base::Bytes der;
  for (int half = 0; half < 2; ++half) {
    base::Bytes digits(raw.begin() + 32 * half, raw.begin() + 32 * half + 32);
    while (digits.size() > 1 && digits[0] == 0) digits.erase(digits.begin());
    if ((digits[0] & 0x80) != 0) digits.insert(digits.begin(), 0);
    der.insert(der.end(), {0x02, static_cast<std::uint8_t>(digits.size())});
    der.insert(der.end(), digits.begin(), digits.end());
  }
  const std::string head =
      "a2697369676e6174757265"
      "58" +
      base::hex(base::Bytes{static_cast<std::uint8_t>(der.size() + 2)}) + "30" +
      base::hex(base::Bytes{static_cast<std::uint8_t>(der.size())}) + base::hex(der) +
      "7161757468656e74696361746f7244617461"
      "5825" +
      base::hex(data);
  return base::hex_strict(head).value();
}

TEST_F(AppAttest, AssertionsAreOfThisKeyAppAndData) {
  const auto verifier = crypto::P256Verifier::of(crypto::p256_public_key(key_).value()).value();
  const auto app = crypto::sha256(base::bytes_of(app_ids_.front()));
  const auto good = assertion(key_, app_ids_.front(), 9, hash_);
  EXPECT_EQ(assertion_counter(good, verifier, app, hash_), 9U);
  const auto other = crypto::sha256(base::bytes_of("other"));
  EXPECT_EQ(assertion_counter(good, verifier, other, hash_), std::nullopt);
  EXPECT_EQ(assertion_counter(good, verifier, app, other), std::nullopt);
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto changed = good;
    changed[at] ^= 0x01;
    EXPECT_EQ(assertion_counter(changed, verifier, app, hash_), std::nullopt) << at;
    EXPECT_EQ(assertion_counter(base::BytesView(good).first(at), verifier, app, hash_),
              std::nullopt);
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_EQ(assertion_counter(longer, verifier, app, hash_), std::nullopt);
}

}  // namespace
}  // namespace kronborg::identity

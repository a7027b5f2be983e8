#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "api/fixture_test.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

class RecoveryApiTest : public ApiTest {
 protected:
  static std::string recovery(const Answered& code, std::string_view replace) {
    json::object body{{"keystore", "file"}, {"code", code.text("recoveryCode")}};
    if (!replace.empty()) body["replace"] = replace;
    return json::serialize(body);
  }
};

TEST_F(RecoveryApiTest, OneThatIsThereHasToBeNamed) {
  const std::string address = get("/api/v1/identity").text("masterAddress");
  const auto code = post("/api/v1/identity/recovery/code");
  EXPECT_EQ(post("/api/v1/identity/recover", recovery(code, "")).code(), "identity_exists");
  EXPECT_EQ(
      post("/api/v1/identity/recover", recovery(code, "0x52908400098527886E0F7030069857D2E4169EE7"))
          .code(),
      "identity_exists");
  EXPECT_EQ(get("/api/v1/identity").text("masterAddress"), address);
}

TEST_F(RecoveryApiTest, ARepeatedRequestIsNotDoneTwiceAndKeepsNoSecret) {
  const std::string address = get("/api/v1/identity").text("masterAddress");
  const Fields key{{"idempotency-key", "once"}};
  const auto code = post("/api/v1/identity/recovery/code", "{}", key);
  ASSERT_EQ(code.status(), 200);
  const auto again = post("/api/v1/identity/recovery/code", "{}", key);
  EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
  EXPECT_FALSE(again.body.contains("recoveryCode"));
  EXPECT_TRUE(again.body.contains("secretsWithheld"));
  const auto first = post("/api/v1/identity/recover", recovery(code, address), key);
  ASSERT_EQ(first.status(), 200) << first.code();
  const std::string device = first.text("deviceId");
  const auto repeated = post("/api/v1/identity/recover", recovery(code, address), key);
  EXPECT_EQ(repeated.field("Idempotency-Replayed"), "true");
  EXPECT_FALSE(repeated.body.contains("recoveryCode"));
  EXPECT_EQ(get("/api/v1/identity").text("deviceId"), device);
  json::object other{
      {"keystore", "file"}, {"code", "OSAURUS-0000-0000-0000-0000"}, {"replace", address}};
  EXPECT_EQ(post("/api/v1/identity/recover", json::serialize(other), key).status(), 200)
      << "the code is no part of what was asked";
  other["keepKeys"] = false;
  EXPECT_EQ(post("/api/v1/identity/recover", json::serialize(other), key).code(),
            "idempotency_mismatch");
}

TEST_F(RecoveryApiTest, OnlyTheOwnerMayAsk) {
  for (const std::string_view path :
       {"recover", "recovery/drill", "recovery/code", "recovery/words"}) {
    EXPECT_EQ(stranger("POST", "/api/v1/identity/" + std::string(path)).code(), "owner_required")
        << path;
  }
}

TEST_F(RecoveryApiTest, RefusalsChangeNothing) {
  const auto before = get("/api/v1/identity").body;
  EXPECT_EQ(
      post("/api/v1/identity/recovery/drill", R"({"code":"OSAURUS-0000-0000-0000-0000"})").code(),
      "recovery_code_wrong");
  EXPECT_EQ(post("/api/v1/identity/recovery/drill",
                 R"({"code":"OSAURUS-0000-0000-0000-0000","bundle":"{}"})")
                .code(),
            "bundle_unsupported");
  EXPECT_EQ(get("/api/v1/identity").body, before);
}

TEST_F(RecoveryApiTest, WordsAreRefusedByTheirOwnCodes) {
  start_empty();
  const auto refused = [&](std::string_view words) {
    return post("/api/v1/identity/recover",
                json::serialize(
                    json::object{{"keystore", "file"}, {"words", words}, {"keepKeys", true}}))
        .code();
  };
  EXPECT_EQ(refused("one two"), "word_count");
  std::string words = "abandon";
  for (int i = 1; i < 24; ++i) words += " abandon";
  EXPECT_EQ(refused(words), "checksum");
  EXPECT_EQ(refused(words + "x"), "unknown_word");
  EXPECT_EQ(get("/api/v1/identity").code(), "identity_missing");
}

}  // namespace
}  // namespace kronborg::api

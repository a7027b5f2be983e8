#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "api/fixture_test.h"
#include "api/routes.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view foreign = "0x52908400098527886E0F7030069857D2E4169EE7";

class OperationsTest : public ApiTest {
 protected:
  void use_identity();
  void use_agents();
  void use_keys();
  void use_the_rest();
};

void OperationsTest::use_identity() {
  const auto identity = get("/api/v1/identity");
  EXPECT_EQ(identity.text("keystore"), "file");
  EXPECT_TRUE(post("/api/v1/identity/lock").body.at("locked").as_bool());
  EXPECT_EQ(new_key("while locked").code(), "identity_locked");
  EXPECT_FALSE(post("/api/v1/identity/unlock").body.at("locked").as_bool());
}

void OperationsTest::use_agents() {
  const auto made = post("/api/v1/agents", R"({"name":"scribe","description":"writes\nlines"})");
  EXPECT_EQ(made.status(), 201);
  const std::string id = made.text("id");
  EXPECT_EQ(get("/api/v1/agents/scribe").text("id"), id);
  EXPECT_EQ(get("/api/v1/agents/" + made.text("address")).text("id"), id);
  EXPECT_EQ(call("PATCH", "/api/v1/agents/" + id,
                 R"({"upstream":"http://127.0.0.1:9","description":null})")
                .status(),
            200);
  const auto changed = get("/api/v1/agents/" + id);
  EXPECT_EQ(changed.text("upstream"), "http://127.0.0.1:9");
  EXPECT_FALSE(changed.body.contains("description"));
  new_key("of the agent", id);
  EXPECT_EQ(get("/api/v1/agents/" + id).number("keyCount"), 1);
  const auto rotated = post("/api/v1/agents/" + id + "/rotate");
  EXPECT_EQ(rotated.number("revoked"), 1);
  EXPECT_NE(rotated.text("address"), made.text("address"));
  EXPECT_EQ(get("/api/v1/agents").body.at("agents").as_array().size(), 1U);
  EXPECT_EQ(call("DELETE", "/api/v1/agents/" + id).number("revoked"), 0);
  EXPECT_EQ(get("/api/v1/agents/" + id).code(), "agent_not_found");
  const json::object import{{"name", "again"},
                            {"index", made.number("index")},
                            {"deviceScope", made.text("deviceScope")}};
  EXPECT_EQ(post("/api/v1/agents/import", json::serialize(import)).text("address"),
            made.text("address"));
}

void OperationsTest::use_keys() {
  const auto first = new_key("first");
  EXPECT_EQ(first.status(), 201);
  EXPECT_EQ(first.text("source"), "cli");
  const auto second = new_key("second");
  const auto third = new_key("third");
  const std::string path = "/api/v1/access-keys/";
  EXPECT_FALSE(get(path + first.text("id")).body.contains("key"));
  EXPECT_EQ(get(path + "second").text("id"), second.text("id"));
  EXPECT_EQ(post(path + first.text("id") + "/revoke", R"({"reason":"lost"})").number("revoked"), 1);
  EXPECT_EQ(get(path + first.text("id")).text("revokedReason"), "lost");
  EXPECT_EQ(post(path + first.text("id") + "/revoke").number("revoked"), 0);
  EXPECT_EQ(post(path + third.text("id") + "/revoke-before").number("revoked"), 1);
  EXPECT_EQ(get(path + second.text("id")).text("status"), "revoked");
  EXPECT_EQ(get(path + third.text("id")).text("status"), "active");
  EXPECT_EQ(call("DELETE", path + third.text("id")).number("revoked"), 1);
  EXPECT_EQ(get(path + third.text("id")).code(), "key_not_found");
  EXPECT_EQ(get("/api/v1/access-keys").body.at("accessKeys").as_array().size(), 0U);
  EXPECT_GE(get("/api/v1/access-keys?all=true&q=second").body.at("accessKeys").as_array().size(),
            1U);
  const json::object nonce{{"issuer", foreign}, {"nonce", "n-1"}};
  EXPECT_EQ(post("/api/v1/revocations", json::serialize(nonce)).status(), 200);
  const json::object counter{{"issuer", foreign}, {"upToCounter", "18446744073709551615"}};
  EXPECT_EQ(post("/api/v1/revocations", json::serialize(counter)).status(), 200);
  EXPECT_EQ(post("/api/v1/access-keys/inspect", R"({"key":"osk-v1.a.b"})").text("decision"),
            "denied");
}

void OperationsTest::use_the_rest() {
  EXPECT_EQ(post("/api/v1/whitelist",
                 json::serialize(json::object{{"address", foreign}, {"label", "build"}}))
                .status(),
            201);
  EXPECT_EQ(get("/api/v1/whitelist").body.at("whitelistEntries").as_array().size(), 1U);
  const std::string entry = "/api/v1/whitelist/" + std::string(foreign);
  EXPECT_EQ(call("DELETE", entry).status(), 200);
  EXPECT_EQ(call("DELETE", entry).code(), "whitelist_not_found");

  EXPECT_GE(get("/api/v1/audit?type=whitelist").body.at("auditEvents").as_array().size(), 2U);
  EXPECT_TRUE(get("/api/v1/audit/verify").body.at("ok").as_bool());
  const auto status = get("/api/v1/status");
  EXPECT_EQ(status.body.at("store").at("kind").as_string(), "sqlite");
  EXPECT_EQ(status.body.at("warnings").as_array().size(), 1U);
  EXPECT_TRUE(get("/api/v1/doctor").body.at("ok").as_bool());
  EXPECT_EQ(get("/api/v1/config").body.at("settings").as_array().size(), 1U);

  const auto credential = post("/api/v1/credentials", R"({"kind":"metrics","label":"prometheus"})");
  EXPECT_EQ(get("/api/v1/credentials").body.at("credentials").as_array().size(), 1U);
  EXPECT_EQ(call("DELETE", "/api/v1/credentials/" + credential.text("id")).status(), 200);

  const std::string file = (place->parts().data_folder / "copy.db").string();
  EXPECT_GT(
      post("/api/v1/store/backup", json::serialize(json::object{{"file", file}})).number("bytes"),
      0);
  EXPECT_TRUE(post("/api/v1/store/check").body.at("ok").as_bool());
  EXPECT_EQ(get("/api/v1/events").response.content_type, "text/event-stream");
  for (const std::string_view path : {"/.well-known/oauth-protected-resource", "/auth.md",
                                      "/openapi.json", "/healthz", "/readyz"}) {
    EXPECT_EQ(get(path).status(), 200) << path;
  }
  Request metrics;
  metrics.method = "GET";
  metrics.path = "/metrics";
  metrics.metrics_access = true;
  const std::string text = send(metrics).response.body;
  EXPECT_TRUE(text.starts_with("kronborg_up 1\n"));
  EXPECT_NE(text.find("\nkronborg_rate_limited_total{policy=\"source\"} 0\n"), std::string::npos);
}

/// Each answer is held against the document by the fixture; here every operation gives one.
TEST_F(OperationsTest, EveryOperationAnswersAsTheDocumentSays) {
  use_identity();
  use_agents();
  use_keys();
  use_the_rest();
  start_empty();
  EXPECT_EQ(get("/api/v1/identity").code(), "identity_missing");
  EXPECT_FALSE(get("/api/v1/status").body.contains("identity"));
  EXPECT_EQ(post("/api/v1/identity", R"({"passphrase":"short"})").code(), "passphrase_too_short");
  const auto created = post("/api/v1/identity", R"({"keystore":"file"})");
  EXPECT_EQ(created.status(), 201);
  EXPECT_TRUE(created.text("recoveryCode").starts_with("OSAURUS-"));
  EXPECT_EQ(post("/api/v1/identity", R"({"keystore":"file"})").code(), "identity_exists");
  for (const Route& route : routes()) {
    EXPECT_TRUE(answered.contains(std::string(route.id)))
        << route.id << " was never answered with success";
  }
}

TEST_F(OperationsTest, ReplacingAnIdentityNamesTheOldOne) {
  const std::string old = get("/api/v1/identity").text("masterAddress");
  new_agent("dies");
  json::object body{{"keystore", "file"}, {"replace", foreign}};
  EXPECT_EQ(post("/api/v1/identity", json::serialize(body)).code(), "identity_exists");
  body["replace"] = old;
  const auto replaced = post("/api/v1/identity", json::serialize(body));
  EXPECT_EQ(replaced.status(), 201);
  EXPECT_NE(replaced.text("masterAddress"), old);
  EXPECT_TRUE(get("/api/v1/agents").body.at("agents").as_array().empty());
}

TEST_F(OperationsTest, AWrongPassphraseIsForbidden) {
  start_empty();
  ASSERT_EQ(post("/api/v1/identity", R"({"passphrase":"correct horse battery"})").status(), 201);
  ASSERT_EQ(post("/api/v1/identity/lock").status(), 200);
  const auto wrong = post("/api/v1/identity/unlock", R"({"passphrase":"incorrect horse"})");
  EXPECT_EQ(wrong.status(), 403);
  EXPECT_EQ(wrong.code(), "wrong_passphrase");
  EXPECT_EQ(wrong.response.body.find("incorrect"), std::string::npos);
  EXPECT_EQ(post("/api/v1/identity/unlock", R"({"passphrase":"correct horse battery"})").status(),
            200);
}

TEST_F(OperationsTest, ADryRunSaysWhatWouldDieAndChangesNothing) {
  const auto first = new_key("first");
  const auto second = new_key("second");
  const std::string path = "/api/v1/access-keys/" + second.text("id");
  const auto dry = post(path + "/revoke-before?dryRun=true", R"({"inclusive":true})");
  EXPECT_EQ(dry.number("revoked"), 2);
  EXPECT_EQ(dry.body.at("accessKeys").as_array().size(), 2U);
  EXPECT_EQ(post(path + "/revoke?dryRun=true").body.at("accessKeys").as_array().size(), 1U);
  const json::object issuer{{"issuer", first.text("issuer")}};
  EXPECT_EQ(post("/api/v1/revocations?dryRun=true", json::serialize(issuer)).number("revoked"), 2);
  EXPECT_EQ(get(path).text("status"), "active");
  EXPECT_EQ(post("/api/v1/revocations", json::serialize(issuer)).number("revoked"), 2);
  EXPECT_EQ(get(path).text("status"), "revoked");
}

TEST_F(OperationsTest, CountersAbove53BitsAreText) {
  json::object body{{"issuer", foreign}, {"upToCounter", 9007199254740992.0}};
  EXPECT_EQ(post("/api/v1/revocations", json::serialize(body)).code(), "invalid_member");
  body["upToCounter"] = "18446744073709551616";
  EXPECT_EQ(post("/api/v1/revocations", json::serialize(body)).code(), "invalid_member");
  body["upToCounter"] = "007";
  EXPECT_EQ(post("/api/v1/revocations", json::serialize(body)).code(), "invalid_member");
  body["upToCounter"] = "9007199254740993";
  EXPECT_EQ(post("/api/v1/revocations", json::serialize(body)).status(), 200);
}

}  // namespace
}  // namespace kronborg::api

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "api/fixture_test.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "identity/device_id.h"
#include "identity/signature_text.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view foreign = "0x52908400098527886E0F7030069857D2E4169EE7";

class OperationsTest : public ApiTest {
 protected:
  void use_identity();
  void use_recovery();
  void use_agents();
  void use_keys();
  void use_pairing();
  void use_devices();
  void use_connector();
  void use_the_rest();
};

void OperationsTest::use_identity() {
  const auto identity = get("/api/v1/identity");
  EXPECT_EQ(identity.text("keystore"), "file");
  EXPECT_TRUE(post("/api/v1/identity/lock").body.at("locked").as_bool());
  EXPECT_EQ(new_key("while locked").code(), "identity_locked");
  EXPECT_FALSE(post("/api/v1/identity/unlock").body.at("locked").as_bool());
}

void OperationsTest::use_recovery() {
  const std::string address = get("/api/v1/identity").text("masterAddress");
  const auto code = post("/api/v1/identity/recovery/code");
  json::object source{{"code", code.text("recoveryCode")}};
  const auto drill = post("/api/v1/identity/recovery/drill", json::serialize(source));
  EXPECT_EQ(drill.text("masterAddress"), address);
  EXPECT_TRUE(drill.body.at("matches").as_bool());
  EXPECT_EQ(drill.number("generation"), 2);
  EXPECT_TRUE(get("/api/v1/identity").body.at("recovery").as_object().contains("lastDrillAt"));
  EXPECT_FALSE(post("/api/v1/identity/recovery/words").text("words").empty());
  source["keystore"] = "file";
  source["replace"] = address;
  const auto recovered = post("/api/v1/identity/recover", json::serialize(source));
  EXPECT_EQ(recovered.text("masterAddress"), address);
  EXPECT_NE(recovered.text("recoveryCode"), code.text("recoveryCode"));
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

void OperationsTest::use_pairing() {
  const std::string agent = new_agent("paired");
  const std::string codes = "/api/v1/pairing-codes";
  const auto code = post(codes, json::serialize(json::object{{"agentId", agent}}));
  EXPECT_EQ(code.status(), 201);
  EXPECT_EQ(code.text("code").size(), 6U);
  const auto live = get(codes);
  EXPECT_EQ(live.body.at("pairingCodes").at(0).at("id").as_string(), code.text("id"));
  EXPECT_EQ(live.response.body.find(code.text("code") + "\""), std::string::npos);
  EXPECT_EQ(call("DELETE", codes + "/" + code.text("id")).status(), 200);
  EXPECT_EQ(call("DELETE", codes + "/" + code.text("id")).code(), "not_found");

  const std::string invites = "/api/v1/invites";
  const auto invite =
      post(invites, json::serialize(json::object{{"agentId", agent}, {"expires", "1h"}}));
  EXPECT_EQ(invite.status(), 201);
  EXPECT_TRUE(invite.text("link").starts_with("osaurus://0x"));
  EXPECT_EQ(get(invites).body.at("invites").as_array().size(), 1U);
  EXPECT_EQ(call("DELETE", invites + "/" + invite.text("nonce")).text("status"), "revoked");

  const std::string requests = "/api/v1/pairing-requests";
  const auto open = [&](std::string_view source) {
    return place->pairing()
        .requests
        .open({.connector = *identity::Address::parse(foreign),
               .fingerprint = "absorb-diary-mule-spy",
               .sas = {},
               .agent_id = agent,
               .agent_name = "paired",
               .agent = *identity::Address::parse(foreign),
               .known_connector = false,
               .encrypted = true,
               .source_address = std::string(source)},
              [](const pairing::Decision&) {})
        .value();
  };
  const std::string first = open("192.0.2.1");
  const std::string second = open("192.0.2.2");
  EXPECT_EQ(get(requests).body.at("pairingRequests").as_array().size(), 2U);
  EXPECT_EQ(post(requests + "/" + first + "/approve", R"({"remember":true})").text("id"), first);
  EXPECT_EQ(post(requests + "/" + first + "/deny").code(), "pairing_decided");
  EXPECT_EQ(post(requests + "/" + second + "/deny").text("id"), second);
  EXPECT_EQ(post(requests + "/" + agent + "/deny").code(), "not_found");
  EXPECT_TRUE(get(requests).body.at("pairingRequests").as_array().empty());
}

void OperationsTest::use_devices() {
  const std::string devices = "/api/v1/devices";
  const std::string host = get("/api/v1/identity").text("deviceId");
  EXPECT_EQ(get(devices + "/" + host).text("name"), "this host");
  const std::size_t before = get(devices).body.at("devices").as_array().size();
  const auto challenge = [&] { return post(devices + "/challenges").text("challenge"); };
  const std::string first = challenge();
  const auto evidence =
      post(devices + "/" + host + "/evidence", json::serialize(json::object{{"challenge", first}}));
  EXPECT_EQ(evidence.text("kind"), "software");
  const auto known = post(devices, evidence.response.body);
  EXPECT_EQ(known.status(), 200);
  EXPECT_EQ(known.text("id"), host);
  EXPECT_EQ(post(devices, evidence.response.body).code(), "device_challenge_unknown");

  base::SystemRandom random;
  const auto key = crypto::new_p256_key(random);
  json::object body{{"kind", "software"}, {"challenge", challenge()}, {"name", "desk"}};
  const auto point = crypto::p256_public_key(key).value();
  const auto bytes = base::base64url_strict(std::string_view(body["challenge"].as_string()));
  body["publicKey"] = base::base64url(point);
  body["proof"] = base::base64url(crypto::p256_sign(key, crypto::sha256(*bytes)).value());
  const auto made = post(devices, json::serialize(body));
  EXPECT_EQ(made.status(), 201);
  EXPECT_EQ(made.text("id"), identity::device_id_of(point));
  EXPECT_EQ(get(devices).body.at("devices").as_array().size(), before + 1);
  body["proof"] = "AA==";
  EXPECT_EQ(post(devices, json::serialize(body)).code(), "invalid_member");
  const std::string revoke = devices + "/" + made.text("id") + "/revoke";
  EXPECT_FALSE(post(revoke).text("revokedAt").empty());
  EXPECT_EQ(post(devices + "/00000000/revoke").code(), "device_not_found");

  const auto token = post("/api/v1/request-tokens",
                          R"({"method":"GET","path":"/v1/models","audience":"kronborg.example"})");
  EXPECT_EQ(token.text("deviceId"), host);
  EXPECT_EQ(std::ranges::count(token.text("token"), '.'), 3);
  EXPECT_EQ(post("/api/v1/request-tokens", R"({"method":"GET","path":"x","audience":"a"})").code(),
            "invalid_member");
}

void OperationsTest::use_connector() {
  const auto own = get("/api/v1/connector");
  EXPECT_EQ(own.text("masterAddress"), get("/api/v1/identity").text("masterAddress"));
  EXPECT_NE(own.text("connectorAddress"), own.text("masterAddress"));
  EXPECT_EQ(std::ranges::count(own.text("fingerprint"), '-'), 3);
  const std::string key = base::base64url(std::array<std::uint8_t, 32>{});
  const std::string nonce(64, 'a');
  const json::object pairing{{"nonce", nonce}, {"encPub", key}};
  const auto proof = post("/api/v1/connector/pair-proof", json::serialize(pairing));
  EXPECT_EQ(
      identity::signer_of(identity::Prefix::pairing, nonce + ":" + key, proof.text("signature")),
      identity::Address::parse(own.text("connectorAddress")));
  const json::object owner{{"agentAddress", foreign}, {"nonce", key}};
  const auto proven = post("/api/v1/connector/owner-proof", json::serialize(owner));
  EXPECT_EQ(identity::signer_of(identity::Prefix::ethereum,
                                "osaurus-owner:redeem:" + base::lower(foreign) + ":" + key,
                                proven.text("signature")),
            identity::Address::parse(proven.text("masterAddress")));
  EXPECT_EQ(post("/api/v1/connector/pair-proof", R"({"nonce":"x","encPub":"AA"})").code(),
            "invalid_member");
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
  use_recovery();
  use_agents();
  use_keys();
  use_pairing();
  use_devices();
  use_connector();
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
    // Answered by whoever owns the connection.
    if (route.rule.is_open(Open::pair) || route.rule.is_open(Open::secure)) continue;
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

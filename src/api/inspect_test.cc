#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/fixture_test.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

class InspectTest : public ApiTest {
 protected:
  Answered inspect(json::object body) {
    return post("/api/v1/access-keys/inspect", json::serialize(body));
  }
};

TEST_F(InspectTest, AValidKeyIsDecodedInFull) {
  const auto key = new_key("laptop");
  const auto answer = inspect({{"key", key.text("key")}});
  EXPECT_EQ(answer.text("decision"), "valid");
  EXPECT_EQ(answer.text("scope"), "master");
  EXPECT_EQ(answer.body.at("rule").at("row").as_int64(), 12);
  EXPECT_EQ(answer.body.at("claims").at("label").as_string(), "laptop");
  EXPECT_EQ(answer.body.at("claims").at("nonce").as_string(), key.text("nonce"));
  EXPECT_EQ(answer.text("recoveredIssuer"), key.text("issuer"));
}

TEST_F(InspectTest, EachRefusalNamesItsRow) {
  const auto made = new_key("laptop");
  const std::string key = made.text("key");
  const auto expect = [&](std::string text, std::string_view code, int row) {
    const auto answer = inspect({{"key", text}});
    EXPECT_EQ(answer.text("decision"), "denied") << code;
    EXPECT_EQ(answer.code(), code);
    EXPECT_EQ(answer.body.at("rule").at("row").as_int64(), row);
    EXPECT_FALSE(answer.text("hint").empty());
  };
  expect("x", "token_format", 1);
  expect("osk-v1.=.00", "payload_encoding", 2);
  expect("osk-v1.e30.00", "signature_encoding", 3);
  expect("osk-v1.e30." + std::string(130, '0'), "payload_malformed", 4);
  expect(std::string(60'000, 'a'), "token_format", 1);
  post("/api/v1/access-keys/" + made.text("id") + "/revoke");
  expect(key, "key_revoked", 10);
  const std::string other = new_key("other").text("key");
  clock.step(91LL * 86'400'000);
  expect(other, "key_expired", 11);
}

TEST_F(InspectTest, TheUseOfTheKeyIsJudgedToo) {
  const std::string scribe = new_agent("scribe");
  const std::string clerk = new_agent("clerk");
  const std::string agent_key = new_key("a", scribe).text("key");
  const std::string master_key = new_key("m").text("key");
  EXPECT_EQ(inspect({{"key", agent_key}, {"path", "/agents/scribe/v1/models"}}).text("decision"),
            "valid");
  EXPECT_EQ(inspect({{"key", agent_key}, {"agentId", scribe}}).text("agentId"), scribe);
  EXPECT_EQ(inspect({{"key", agent_key}, {"path", "/v1/models"}}).text("decision"), "valid");
  EXPECT_EQ(inspect({{"key", agent_key}, {"path", "/agents/clerk/v1/models"}}).code(),
            "agent_scope_denied");
  EXPECT_EQ(inspect({{"key", agent_key}, {"agentId", clerk}}).code(), "agent_scope_denied");
  EXPECT_EQ(inspect({{"key", agent_key}, {"path", "/agents/nobody/x"}}).code(),
            "agent_scope_denied");
  EXPECT_EQ(inspect({{"key", master_key}, {"path", "/agents/clerk/x"}, {"method", "POST"}})
                .text("decision"),
            "valid");
  EXPECT_EQ(inspect({{"key", master_key}, {"path", "/api/v1/agents"}}).code(), "owner_required");
  EXPECT_EQ(
      inspect({{"key", agent_key}, {"agentId", "3f0c7c1e-9f0a-4a57-8f5e-0a1f5b0c9d11"}}).code(),
      "agent_not_found");
}

TEST_F(InspectTest, TheKeyIsInNoAnswerAndNoRecord) {
  const std::string key = new_key("laptop").text("key");
  const std::int64_t audit = place->router().newest_seq();
  const auto answer = post("/api/v1/access-keys/inspect",
                           json::serialize(json::object{{"key", key}}), {{"idempotency-key", "k"}});
  EXPECT_EQ(answer.response.body.find(key.substr(key.size() - 130)), std::string::npos);
  EXPECT_EQ(place->router().newest_seq(), audit);
}

}  // namespace
}  // namespace kronborg::api

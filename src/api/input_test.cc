#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <string>

#include "api/fixture_test.h"

namespace kronborg::api {
namespace {

class InputTest : public ApiTest {};

struct Bad {
  std::string method, target, body;
  int status;
  std::string code, pointer, kind;  ///< of the first entry of `errors`
};

const Bad bad_input[] = {
    {"POST", "/api/v1/agents", "{", 400, "invalid_json", "", ""},
    {"POST", "/api/v1/agents", R"({"name":"a"} x)", 400, "invalid_json", "", ""},
    {"POST", "/api/v1/agents", "{\"name\":\"\xff\"}", 400, "invalid_json", "", ""},
    {"POST", "/api/v1/agents", R"({"name":"a","name":"b"})", 400, "duplicate_member", "/name",
     "not_allowed"},
    {"POST", "/api/v1/agents", "[]", 400, "invalid_member", "", "wrong_type"},
    {"POST", "/api/v1/agents", "", 400, "missing_member", "/name", "required"},
    {"POST", "/api/v1/agents", R"({"name":null})", 400, "missing_member", "/name", "required"},
    {"POST", "/api/v1/agents", R"({"name":5})", 400, "invalid_member", "/name", "wrong_type"},
    {"POST", "/api/v1/agents", R"({"name":""})", 400, "label_invalid", "/name", "too_short"},
    {"POST", "/api/v1/agents", R"({"name":"a\u202eb"})", 400, "label_invalid", "/name",
     "bad_pattern"},
    {"POST", "/api/v1/agents", R"({"name":"a","nmae":"b"})", 400, "unknown_member", "/nmae",
     "not_allowed"},
    {"POST", "/api/v1/agents", R"({"name":"a","upstream":"ftp://x"})", 400, "invalid_member",
     "/upstream", "bad_pattern"},
    {"POST", "/api/v1/agents", R"({"name":"a","upstream":"http://u:p@x"})", 400, "invalid_member",
     "/upstream", "bad_pattern"},
    {"POST", "/api/v1/agents", R"({"name":"a","description":"\u0000"})", 400, "invalid_member",
     "/description", "bad_pattern"},
    {"POST", "/api/v1/agents?x=1", R"({"name":"a"})", 400, "unknown_member", "?x", "not_allowed"},
    {"POST", "/api/v1/agents/import", R"({"name":"a","index":-1})", 400, "invalid_member", "/index",
     "out_of_range"},
    {"POST", "/api/v1/agents/import", R"({"name":"a","index":4294967296})", 400, "invalid_member",
     "/index", "out_of_range"},
    {"POST", "/api/v1/agents/import", R"({"name":"a","index":"1"})", 400, "invalid_member",
     "/index", "wrong_type"},
    {"POST", "/api/v1/agents/import", R"({"name":"a","index":1.5})", 400, "invalid_member",
     "/index", "wrong_type"},
    {"POST", "/api/v1/agents/import", R"({"name":"a","index":1,"address":"0x1"})", 400,
     "address_invalid", "/address", "bad_pattern"},
    {"PATCH", "/api/v1/agents/none", R"({"shared":"on"})", 400, "invalid_member", "/shared",
     "wrong_type"},
    {"PATCH", "/api/v1/agents/none", R"({"shared":true})", 404, "agent_not_found", "", ""},
    {"POST", "/api/v1/access-keys", R"({"label":"a","expires":"1d"})", 400, "invalid_member",
     "/expires", "not_allowed"},
    {"POST", "/api/v1/access-keys", R"({"label":"a","agentId":"x"})", 400, "invalid_member",
     "/agentId", "bad_pattern"},
    {"POST", "/api/v1/access-keys",
     R"({"label":"a","agentId":"3f0c7c1e-9f0a-4a57-8f5e-0a1f5b0c9d11"})", 404, "agent_not_found",
     "", ""},
    {"GET", "/api/v1/access-keys?all=yes", "", 400, "invalid_parameter", "?all", "not_allowed"},
    {"GET", "/api/v1/access-keys?limit=0", "", 400, "invalid_parameter", "?limit", "out_of_range"},
    {"GET", "/api/v1/access-keys?limit=501", "", 400, "invalid_parameter", "?limit",
     "out_of_range"},
    {"GET", "/api/v1/access-keys?limit=x", "", 400, "invalid_parameter", "?limit", "wrong_type"},
    {"GET", "/api/v1/access-keys?limit=1&limit=2", "", 400, "invalid_parameter", "?limit",
     "not_allowed"},
    {"GET", "/api/v1/access-keys?q=%00a", "", 400, "invalid_parameter", "?q", "bad_pattern"},
    {"GET", "/api/v1/access-keys?q=%zz", "", 400, "invalid_parameter", "", ""},
    {"GET", "/api/v1/access-keys?cursor=c1.AAAAAAAAAAEYyS5L2Acayw", "", 400, "cursor_invalid", "",
     ""},
    {"GET", "/api/v1/access-keys/none", "", 404, "key_not_found", "", ""},
    {"POST", "/api/v1/access-keys/none/revoke?dryRun=1", "", 400, "invalid_parameter", "?dryRun",
     "not_allowed"},
    {"POST", "/api/v1/revocations", R"({"issuer":"0x5290"})", 400, "address_invalid", "/issuer",
     "bad_pattern"},
    {"POST", "/api/v1/revocations",
     R"({"issuer":"0x52908400098527886E0F7030069857D2E4169EE7","nonce":"a","upToCounter":1})", 400,
     "invalid_member", "/upToCounter", "not_allowed"},
    {"DELETE", "/api/v1/whitelist/xyz", "", 400, "address_invalid", "", ""},
    {"GET", "/api/v1/audit?since=yesterday", "", 400, "invalid_parameter", "?since", "bad_pattern"},
    {"POST", "/api/v1/credentials", R"({"kind":"introspection","label":"x"})", 400,
     "invalid_member", "/kind", "not_allowed"},
    {"DELETE", "/api/v1/credentials/x", "", 404, "not_found", "", ""},
    {"POST", "/api/v1/store/backup", R"({"file":"relative.db"})", 400, "invalid_member", "/file",
     "bad_pattern"},
    {"POST", "/api/v1/identity", R"({"keystore":"vault"})", 400, "invalid_member", "/keystore",
     "not_allowed"},
    {"POST", "/api/v1/identity", R"({"keystore":"tpm2","passphrase":"12345678"})", 400,
     "invalid_member", "/passphrase", "not_allowed"},
    {"POST", "/api/v1/identity", R"({"keystore":"secret-service","pin":"1"})", 400,
     "invalid_member", "/pin", "not_allowed"},
    {"POST", "/api/v1/identity", R"({"passphrase":"12345678","pin":"1"})", 400, "invalid_member",
     "/pin", "not_allowed"},
    {"POST", "/api/v1/identity/unlock", R"({"passphrase":"12345678","pin":"1"})", 400,
     "invalid_member", "/pin", "not_allowed"},
    {"POST", "/api/v1/identity/recover", R"({"keystore":"file"})", 400, "missing_member", "/code",
     "required"},
    {"POST", "/api/v1/identity/recover", R"({"code":"x"})", 400, "missing_member", "/passphrase",
     "required"},
    {"POST", "/api/v1/identity/recover", R"({"keystore":"file","words":"a b"})", 400,
     "missing_member", "/keepKeys", "required"},
    {"POST", "/api/v1/identity/recover",
     R"({"keystore":"file","words":"a b","code":"x","keepKeys":true})", 400, "invalid_member",
     "/words", "not_allowed"},
    {"POST", "/api/v1/identity/recover", R"({"keystore":"file","code":"x","keepKeys":"no"})", 400,
     "invalid_member", "/keepKeys", "wrong_type"},
    {"POST", "/api/v1/identity/recovery/drill", "{}", 400, "missing_member", "/code", "required"},
    {"POST", "/api/v1/identity/recovery/drill", R"({"code":"12"})", 400, "recovery_code_format", "",
     ""},
    {"POST", "/api/v1/identity/recovery/drill", R"({"code":"12","bundle":{}})", 400,
     "invalid_member", "/bundle", "wrong_type"},
    {"POST", "/api/v1/identity/recovery/words", R"({"words":"x"})", 400, "unknown_member", "/words",
     "not_allowed"},
    {"POST", "/api/v1/identity", R"({"keystore":"file","passphrase":"12345678"})", 400,
     "invalid_member", "/passphrase", "not_allowed"},
    {"POST", "/api/v1/identity", R"({"keystore":"file","recoveryDir":"x"})", 400, "invalid_member",
     "/recoveryDir", "bad_pattern"},
    {"POST", "/api/v1/access-keys/inspect", R"({"key":7})", 400, "invalid_member", "/key",
     "wrong_type"},
    {"GET", "/api/v1/agents/", "", 404, "route_not_found", "", ""},
    {"GET", "/api/v1/console-links", "", 404, "route_not_found", "", ""},
    {"GET", "/api/v1/devices/0a1b2c3d", "", 404, "device_not_found", "", ""},
    {"POST", "/api/v1/devices", "{}", 400, "missing_member", "/challenge", "required"},
    {"POST", "/api/v1/devices", R"({"challenge":"AA","kind":"software","deviceId":"0a1b2c3d"})",
     400, "invalid_member", "/challenge", "bad_pattern"},
    {"POST", "/api/v1/request-tokens", R"({"method":"GET","path":"/?a=1","audience":"a"})", 400,
     "invalid_member", "/path", "bad_pattern"},
    {"GET", "/api/v1", "", 404, "route_not_found", "", ""},
    {"GET", "/oauth/token", "", 404, "route_not_found", "", ""},
};

TEST_F(InputTest, EachWrongInputHasItsAnswer) {
  for (const Bad& bad : bad_input) {
    SCOPED_TRACE(bad.method + " " + bad.target + " " + bad.body);
    const auto answer = call(bad.method, bad.target, bad.body);
    EXPECT_EQ(answer.status(), bad.status);
    EXPECT_EQ(answer.code(), bad.code);
    if (bad.kind.empty()) continue;
    ASSERT_TRUE(answer.body.contains("errors"));
    const auto& first = answer.body.at("errors").at(0);
    EXPECT_EQ(first.at("pointer").as_string(), bad.pointer);
    EXPECT_EQ(first.at("code").as_string(), bad.kind);
  }
  EXPECT_TRUE(get("/api/v1/agents").body.at("agents").as_array().empty())
      << "a refused request had an effect";
}

TEST_F(InputTest, AllFaultsAreNamedAtOnceAndAMisspeltNameHasASuggestion) {
  const auto answer = post("/api/v1/access-keys", R"({"lable":"x","expires":"2y","agentId":7})");
  EXPECT_EQ(answer.code(), "unknown_member");
  EXPECT_EQ(answer.body.at("errors").as_array().size(), 4U);
  EXPECT_NE(answer.text("hint").find("/label"), std::string::npos);
}

TEST_F(InputTest, ALabelIsNormalisedAndItsLengthCountedInCharacters) {
  std::string eighty;
  for (int i = 0; i < 80; ++i) eighty += "ø";
  EXPECT_EQ(post("/api/v1/agents", R"({"name":"  )" + eighty + R"( "})").text("name"), eighty);
  const auto longer = post("/api/v1/agents", R"({"name":")" + eighty + R"(ø"})");
  EXPECT_EQ(longer.code(), "label_invalid");
  EXPECT_EQ(longer.body.at("errors").at(0).at("code").as_string(), "too_long");
}

TEST_F(InputTest, TheBodyIsJsonAndSaysSo) {
  const std::string body = R"({"name":"a"})";
  const auto with = [&](std::string type) {
    return post("/api/v1/agents", body, {{"content-type", std::move(type)}});
  };
  EXPECT_EQ(with("text/plain").status(), 415);
  EXPECT_EQ(with("application/json; charset=latin1").status(), 415);
  EXPECT_EQ(with("").body.at("supported").at(0).as_string(), "application/json");
  EXPECT_EQ(with("Application/JSON; Charset=\"UTF-8\"").status(), 201);
}

TEST_F(InputTest, AnOversizedBodyIsRefusedWithTheLimit) {
  const auto answer = post("/api/v1/agents", std::string(65537, ' '));
  EXPECT_EQ(answer.status(), 413);
  EXPECT_EQ(answer.number("limitBytes"), 65536);
}

TEST_F(InputTest, ABodyWhereNoneBelongsIsIgnoredWithAWarning) {
  const auto answer = call("DELETE", "/api/v1/agents/" + new_agent("a"), "not json");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body.at("warnings").at(0).at("code").as_string(), "body_ignored");
}

TEST_F(InputTest, MethodsVersionsAndMediaTypesAreNegotiated) {
  const auto put = call("PUT", "/api/v1/agents");
  EXPECT_EQ(put.status(), 405);
  EXPECT_EQ(put.field("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(call("HEAD", "/api/v1/events").status(), 405);
  EXPECT_EQ(call("HEAD", "/api/v1/agents").response.body, get("/api/v1/agents").response.body);
  EXPECT_EQ(call("GET", "/api/v1/agents", {}, {{"api-version", "1"}}).status(), 200);
  const auto version = call("GET", "/api/v1/agents", {}, {{"api-version", "2"}});
  EXPECT_EQ(version.code(), "unsupported_api_version");
  EXPECT_EQ(version.body.at("supported").at(0).as_string(), "1");
  EXPECT_EQ(call("GET", "/api/v1/agents", {}, {{"accept", "text/html"}}).code(), "not_acceptable");
  EXPECT_EQ(call("GET", "/api/v1/agents", {}, {{"accept", "text/html, */*;q=0.1"}}).status(), 200);
  EXPECT_EQ(call("GET", "/api/v1/agents", {}, {{"prefer", "handling=strict"}})
                .field("Preference-Applied"),
            "handling=strict");
}

}  // namespace
}  // namespace kronborg::api

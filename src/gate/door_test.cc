#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gate/house_test.h"

// docs/protocol/identity.md section 9, docs/protocol/cli.md "Forward-auth", http.md section 9.
namespace kronborg::gate::test {
namespace {

constexpr const char* no_credential =
    R"(Bearer resource_metadata="http://localhost:1337/.well-known/oauth-protected-resource"|)";
constexpr const char* refused_credential =
    R"(Bearer resource_metadata="http://localhost:1337/.well-known/oauth-protected-resource", )"
    R"(error="invalid_token"|)";

std::string with(const std::string& key) { return "Authorization: Bearer " + key + "\r\n"; }

std::string refused_body(const std::string& message, const std::string& code,
                         const std::string& hint) {
  return R"({"error":{"message":")" + message + R"(","type":"authentication_error","code":")" +
         code + R"(","hint":")" + hint + R"("}})";
}

class Door : public ::testing::Test {
 protected:
  Recorder upstream_;
  House house_{House::settings_for(upstream_.url())};
};

TEST_F(Door, RefusesWithTheWordsOfTheContract) {
  struct Row {
    std::string fields, challenge, body;
  };
  house_.revoke(house_.painter);
  const Signer stranger(9);
  const std::string good = house_.master.access_key();
  const std::vector<Row> rows = {
      {"", no_credential,
       refused_body("Invalid access key: Unrecognized token format", "credential_missing",
                    "Send the field `Authorization: Bearer <access key>`.")},
      {"Authorization: Basic dTpw\r\n", no_credential,
       refused_body("Invalid access key: Unrecognized token format", "credential_missing",
                    "Send the field `Authorization: Bearer <access key>`.")},
      {with("osk-v1.x"), refused_credential,
       refused_body("Invalid access key: Unrecognized token format", "token_format",
                    "A key has three parts: osk-v1.payload.signature. Copy it whole.")},
      {with(house_.painter.access_key()), refused_credential,
       refused_body("Access key has been revoked", "key_revoked", "Ask the owner for a new key.")},
      {with(stranger.access_key(house_.master.address)), refused_credential,
       refused_body("Invalid access key: Issuer not whitelisted", "issuer_not_whitelisted",
                    "The owner can add the issuer: kronborg whitelist add <address>")},
      {with(stranger.access_key()), refused_credential,
       refused_body("Invalid access key: Audience mismatch", "audience_mismatch",
                    "The key is for another host, or its agent is gone. Ask for a new key.")},
      {with(house_.writer.access_key(house_.master.address)), refused_credential,
       refused_body("Invalid access key: Issuer not allowed for this audience",
                    "issuer_not_allowed", "The issuer may not issue keys for this agent.")},
      {with(good.substr(0, good.size() - 1)), refused_credential,
       refused_body("Invalid access key: Invalid signature encoding", "signature_encoding",
                    "The key was cut or changed while copying. Copy it again.")},
  };
  for (const Row& row : rows) {
    const std::string answer = house_.ask("POST /v1/chat", row.fields);
    EXPECT_EQ(status_of(answer), "HTTP/1.1 401 Unauthorized") << row.fields;
    EXPECT_EQ(body_of(answer), row.body);
    EXPECT_EQ(field_of(answer, "WWW-Authenticate"), row.challenge);
    EXPECT_EQ(field_of(answer, "Content-Type"), "application/json; charset=utf-8|");
    EXPECT_EQ(field_of(answer, "Cache-Control"), "no-store|");
  }
  EXPECT_TRUE(upstream_.heads().empty());
  EXPECT_EQ(house_.refused().size(), rows.size());
  // A key elsewhere than in its field is no key.
  EXPECT_EQ(status_of(house_.ask("GET /v1/models?key=" + good, "Cookie: key=" + good + "\r\n")),
            "HTTP/1.1 401 Unauthorized");
}

TEST_F(Door, SaysWhenThereIsNoKeyAtAll) {
  house_.board.publish([](authority::Policy& policy) { policy.any_key_record = false; });
  EXPECT_EQ(
      body_of(house_.ask("GET /v1/models", "")),
      refused_body(
          "No access keys configured. Create one with 'kronborg key create' or in the console.",
          "no_keys_configured", "Create a key on the host."));
}

TEST_F(Door, OpensTwoPathsToAllForReading) {
  EXPECT_EQ(body_of(house_.ask("GET /", "")), "ok");
  EXPECT_EQ(body_of(house_.ask("GET /v1/health?x", with("wrong"))), "ok");
  EXPECT_EQ(field_of(upstream_.heads().back(), "X-Kronborg-Issuer"), "");
  EXPECT_EQ(body_of(house_.ask("GET /health", house_.bearer())), "ok");
  EXPECT_EQ(field_of(upstream_.heads().back(), "X-Kronborg-Issuer"),
            house_.master.address.text() + "|");
  EXPECT_EQ(status_of(house_.ask("POST /", "")), "HTTP/1.1 401 Unauthorized");
  Wire wire = house_.client();
  wire.send(
      "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 401 Unauthorized");
}

TEST_F(Door, JudgesOriginBeforeTheKey) {
  const std::string key = house_.bearer();
  for (const char* origin :
       {"http://evil.example", "null", "http://localhost:1338", "https://localhost:1337"}) {
    const std::string field = "Origin: " + std::string(origin) + "\r\n";
    const std::string answer = house_.ask("POST /v1/chat", key + field);
    EXPECT_EQ(status_of(answer), "HTTP/1.1 403 Forbidden") << origin;
    EXPECT_NE(body_of(answer).find(R"("code":"origin_not_allowed")"), std::string::npos);
    EXPECT_EQ(field_of(answer, "Access-Control-Allow-Origin"), "");
    const std::string read = house_.ask("GET /v1/models", key + field);
    EXPECT_EQ(body_of(read), "ok");
    EXPECT_EQ(field_of(read, "Access-Control-Allow-Origin"), "");
  }
  const std::string own = house_.ask("POST /v1/chat", key + "Origin: http://localhost:1337\r\n");
  EXPECT_EQ(body_of(own), "ok");
  EXPECT_EQ(field_of(own, "Access-Control-Allow-Origin"), "http://localhost:1337|");
  EXPECT_EQ(field_of(own, "Vary"), "Origin|");
  const std::string refused = house_.ask("POST /v1/chat", "Origin: http://localhost:1337\r\n");
  EXPECT_EQ(status_of(refused), "HTTP/1.1 401 Unauthorized");
  EXPECT_EQ(field_of(refused, "Access-Control-Allow-Origin"), "http://localhost:1337|");
}

TEST(Cors, PreflightIsAnsweredWithoutAKey) {
  Recorder upstream;
  Settings settings = House::settings_for(upstream.url());
  settings.allowed_origins = {"https://app.example"};
  House house(std::move(settings));
  const std::string asked =
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization, "
      "x-stainless-os\r\n"
      "Access-Control-Request-Private-Network: true\r\n";
  const std::string allowed =
      house.ask("OPTIONS /v1/chat", "Origin: https://app.example\r\n" + asked);
  EXPECT_EQ(status_of(allowed), "HTTP/1.1 204 No Content");
  EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Origin"), "https://app.example|");
  EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Headers"), "authorization, x-stainless-os|");
  EXPECT_EQ(field_of(allowed, "Access-Control-Max-Age"), "600|");
  EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Private-Network"), "true|");
  EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Credentials"), "");
  const std::string foreign =
      house.ask("OPTIONS /v1/chat", "Origin: https://evil.example\r\n" + asked);
  EXPECT_EQ(status_of(foreign), "HTTP/1.1 204 No Content");
  EXPECT_EQ(field_of(foreign, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(field_of(foreign, "Access-Control-Allow-Private-Network"), "");
  // Another OPTIONS is a request like any other.
  EXPECT_EQ(status_of(house.ask("OPTIONS /v1/chat", "")), "HTTP/1.1 401 Unauthorized");
  EXPECT_TRUE(upstream.heads().empty());
}

TEST(Cors, OnlyTheGateSaysWhoMayRead) {
  ScriptedUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: "
        "true\r\n"
        "Content-Length: 0\r\n\r\n");
  });
  House house(upstream);
  const std::string answer =
      house.ask("GET /v1/models", house.bearer() + "Origin: http://evil.example\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_EQ(field_of(answer, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(field_of(answer, "Access-Control-Allow-Credentials"), "");
}

class ForwardAuth : public Door {
 protected:
  std::string verify(const std::string& fields) { return house_.ask("GET /gate/verify", fields); }
};

TEST_F(ForwardAuth, SaysYesWithTheIdentityAndNoBody) {
  const std::string answer =
      verify(with(house_.master.access_key(house_.master.address, 1, "two words")));
  EXPECT_EQ(status_of(answer), "HTTP/1.1 204 No Content");
  EXPECT_EQ(body_of(answer), "");
  EXPECT_EQ(field_of(answer, "Content-Length"), "");
  EXPECT_EQ(field_of(answer, "X-Kronborg-Issuer"), house_.master.address.text() + "|");
  EXPECT_EQ(field_of(answer, "X-Kronborg-Audience"), house_.master.address.text() + "|");
  EXPECT_EQ(field_of(answer, "X-Kronborg-Scope"), "master|");
  EXPECT_EQ(field_of(answer, "X-Kronborg-Key-Id"), "00000000-0000-4000-8000-000000000001|");
  EXPECT_EQ(field_of(answer, "X-Kronborg-Label"), "two%20words|");
  EXPECT_EQ(field_of(answer, "API-Version"), "1|");
  EXPECT_EQ(field_of(answer, "Cache-Control"), "no-store|");
  const std::string agent = verify(with(house_.writer.access_key()));
  EXPECT_EQ(field_of(agent, "X-Kronborg-Scope"), "agent|");
  EXPECT_EQ(field_of(agent, "X-Kronborg-Agent"), "11111111-1111-4111-8111-111111111111|");
  for (const char* method : {"HEAD", "POST", "PUT", "DELETE", "PURGE"}) {
    EXPECT_EQ(status_of(house_.ask(std::string(method) + " /gate/verify", house_.bearer())),
              "HTTP/1.1 204 No Content");
  }
}

TEST_F(ForwardAuth, KeepsTheConnectionOfTheProxy) {
  Wire wire = house_.client();
  for (const char* key : {"good", "bad", "good"}) {
    wire.send("GET /gate/verify HTTP/1.1\r\nHost: localhost\r\nX-Original-URI: /x\r\n" +
              (key == std::string("good") ? house_.bearer() : with("bad")) + "\r\n");
    const std::string head = wire.read_head();
    EXPECT_EQ(status_of(head),
              key == std::string("good") ? "HTTP/1.1 204 No Content" : "HTTP/1.1 401 Unauthorized");
  }
}

TEST_F(ForwardAuth, SaysNoToAProxyWithoutABody) {
  for (const char* field : {"X-Original-URI: /x\r\n", "X-Forwarded-Uri: /x\r\n"}) {
    const std::string missing = verify(field);
    EXPECT_EQ(status_of(missing), "HTTP/1.1 401 Unauthorized");
    EXPECT_EQ(field_of(missing, "Content-Length"), "0|");
    EXPECT_EQ(field_of(missing, "WWW-Authenticate"), no_credential);
    EXPECT_EQ(body_of(missing), "");
    EXPECT_EQ(field_of(verify(field + with("x")), "WWW-Authenticate"), refused_credential);
  }
  const std::string direct = verify("");
  EXPECT_NE(body_of(direct).find(R"("code":"credential_missing")"), std::string::npos);
}

TEST_F(ForwardAuth, HoldsAnAgentKeyToItsAgentsPaths) {
  const std::string key = with(house_.writer.access_key());
  for (const char* uri :
       {"/agents/writer/x?y", "/v1/models", "/v1/agents/11111111-1111-4111-8111-111111111111"}) {
    EXPECT_EQ(status_of(verify(key + "X-Original-URI: " + uri + "\r\n")), "HTTP/1.1 204 No Content")
        << uri;
  }
  for (const char* uri :
       {"/agents/the%20painter/x", "/v1/agents/nobody", "/x/../agents/the%20painter/x",
        "//agents/x", "/x/%2e%2e/agents/the%20painter", "/%61gents/nobody/x", "agents/x",
        "/x%2f..%2fagents/y"}) {
    for (const char* name : {"X-Original-URI: ", "X-Forwarded-Uri: "}) {
      const std::string answer = verify(key + name + uri + "\r\n");
      EXPECT_EQ(status_of(answer), "HTTP/1.1 403 Forbidden") << uri;
      EXPECT_EQ(field_of(answer, "Content-Length"), "0|") << uri;
    }
  }
  // The client added the field of another kind of proxy.
  EXPECT_EQ(
      status_of(verify(key + "X-Original-URI: /v1/x\r\nX-Forwarded-Uri: /agents/nobody/x\r\n")),
      "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(status_of(verify(key + "X-Osaurus-Agent-Id: the painter\r\n")),
            "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(status_of(verify(house_.bearer() + "X-Original-URI: /agents/nobody/x\r\n")),
            "HTTP/1.1 204 No Content");
}

Settings trusting(const Recorder& upstream) {
  Settings settings = House::settings_for(upstream.url());
  settings.trust_loopback = true;
  settings.loopback_only_listeners = true;
  return settings;
}

TEST(TrustedLoopback, LetsAProgramOfThisMachineInAndNobodyElse) {
  Recorder upstream;
  House house(trusting(upstream));
  const std::string port = std::to_string(house.port());
  const auto ask = [&](const std::string& host, const std::string& fields) {
    Wire wire = house.client();
    wire.send("POST /v1/chat HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + fields +
              "\r\n");
    return status_of(wire.read_to_end());
  };
  for (const std::string& host :
       {std::string("localhost"), std::string("127.0.0.1"), "[::1]:" + port, "LOCALHOST:" + port}) {
    EXPECT_EQ(ask(host, ""), "HTTP/1.1 200 OK") << host;
  }
  EXPECT_EQ(ask("localhost", "Origin: http://localhost:1337\r\nSec-Fetch-Site: same-origin\r\n"),
            "HTTP/1.1 200 OK");
  EXPECT_EQ(ask("localhost", "Sec-Fetch-Site: none\r\n"), "HTTP/1.1 200 OK");
  EXPECT_EQ(field_of(upstream.heads().back(), "X-Kronborg-Scope"), "");
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"localhost:1", ""},
      {"evil.example", ""},
      {"127.0.0.2", ""},
      {"localhost.evil.example", ""},
      {"localhost", "Sec-Fetch-Site: cross-site\r\n"},
      {"localhost", "Sec-Fetch-Site: same-site\r\n"},
      {"localhost", "X-Osaurus-Relay-Origin: x\r\n"},
      {"localhost", "Forwarded: for=x\r\n"},
      {"localhost", "X-Forwarded-For: 127.0.0.1\r\n"},
      {"localhost", "X-Real-IP: 127.0.0.1\r\n"},
      {"localhost", "Via: 1.1 x\r\n"},
      {"localhost", "Authorization: Bearer wrong\r\n"},
      {"localhost", "Authorization: Basic dTpw\r\n"},
  };
  for (const auto& [host, fields] : refused) {
    EXPECT_EQ(ask(host, fields), "HTTP/1.1 401 Unauthorized") << host << fields;
  }
  EXPECT_EQ(ask("localhost", "Origin: http://evil.example\r\n"), "HTTP/1.1 403 Forbidden");
  // A proxy on this machine speaks for strangers.
  EXPECT_EQ(status_of(house.ask("GET /gate/verify", "")), "HTTP/1.1 401 Unauthorized");
  EXPECT_EQ(status_of(house.ask("GET /agents/writer/x", "")), "HTTP/1.1 200 OK");
}

// docs/protocol/secure-channel.md section 4.
TEST(ChannelRequired, ForAgentRoutesOverPlainHttp) {
  constexpr const char* required =
      R"({"error":{"code":"secure_channel_required","message":"This peer requires end-to-end )"
      R"(encryption for agent requests. Upgrade Osaurus to a version that supports the secure )"
      R"(channel.","type":"upgrade_required"}})";
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  const std::string key = with(house.writer.access_key());
  for (const char* start : {"POST /agents/writer/run", "POST /v1/agents/writer/dispatch?x"}) {
    EXPECT_EQ(status_of(house.ask(start, "")), "HTTP/1.1 401 Unauthorized") << start;
    const std::string answer = house.ask(start, key);
    EXPECT_EQ(status_of(answer), "HTTP/1.1 426 Upgrade Required") << start;
    EXPECT_EQ(body_of(answer), required);
    EXPECT_EQ(field_of(answer, "Upgrade"), "");
    // What a proxy would say is believed of a trusted one alone.
    EXPECT_EQ(body_of(house.ask(start, key + "X-Forwarded-Proto: https\r\n")), required);
  }
  EXPECT_TRUE(upstream.heads().empty());
  for (const char* start :
       {"GET /agents/writer/run", "POST /agents/writer/run/x", "POST /agents/writer/runs"}) {
    EXPECT_EQ(status_of(house.ask(start, key)), "HTTP/1.1 200 OK") << start;
  }
}

TEST(ChannelRequired, NotBehindAProxyThatEndsTls) {
  Recorder upstream;
  Settings settings = House::settings_for(upstream.url());
  settings.trusted_proxies = {"127.0.0.1"};
  House house(std::move(settings));
  const std::string key = with(house.writer.access_key()) + "X-Forwarded-For: 203.0.113.7\r\n";
  EXPECT_EQ(status_of(house.ask("POST /agents/writer/run", key + "X-Forwarded-Proto: https\r\n")),
            "HTTP/1.1 200 OK");
  EXPECT_EQ(status_of(house.ask("POST /agents/writer/run", key + "X-Forwarded-Proto: http\r\n")),
            "HTTP/1.1 426 Upgrade Required");
}

TEST(ChannelRequired, NotFromTrustedLoopback) {
  Recorder upstream;
  House house(trusting(upstream));
  const std::string key = with(house.writer.access_key());
  EXPECT_EQ(status_of(house.ask("POST /agents/writer/run", "")), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_of(house.ask("POST /agents/writer/run", key)), "HTTP/1.1 200 OK");
  EXPECT_EQ(status_of(house.ask("POST /agents/writer/run", key + "Via: 1.1 x\r\n")),
            "HTTP/1.1 426 Upgrade Required");
}

}  // namespace
}  // namespace kronborg::gate::test

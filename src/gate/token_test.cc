#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "credential/request_token.h"
#include "crypto/p256.h"
#include "gate/house_test.h"

// docs/protocol/identity.md section 11 at the door.
namespace kronborg::gate::test {
namespace {

class TokenDoor : public ::testing::Test {
 protected:
  TokenDoor() {
    base::SystemRandom random;
    key_ = crypto::new_p256_key(random);
    const auto point = crypto::p256_public_key(key_).value();
    device_ = identity::DeviceId::of(point);
    house_.board.publish([&](authority::Policy& policy) {
      policy.devices[device_] = std::make_shared<const authority::DeviceFacts>(
          authority::DeviceFacts{.id = device_,
                                 .kind = identity::DeviceKind::software,
                                 .issuer = house_.master.address,
                                 .key = crypto::P256Verifier::of(point),
                                 .app_id_hash = {},
                                 .name = "the desk",
                                 .revoked = false});
    });
  }

  credential::NewRequestToken claims(std::string method, std::string path) {
    credential::NewRequestToken token;
    token.issuer = house_.master.address;
    token.device = device_;
    token.counter = ++counter_;
    token.issued_at = base::SystemClock().now();
    token.audience = "localhost";
    token.method = std::move(method);
    token.path = std::move(path);
    return token;
  }
  std::string sign(const credential::NewRequestToken& token, const Signer& issuer) {
    const auto text = credential::write_request_token(
        token,
        [&](base::BytesView payload) -> base::Result<crypto::Signature> {
          return identity::sign(issuer.key, identity::Prefix::message, payload);
        },
        [&](std::span<const std::uint8_t, 32> hash) -> base::Result<base::Bytes> {
          TRY(const auto signature, crypto::p256_sign(key_, hash));
          return base::Bytes(signature.begin(), signature.end());
        });
    return "Authorization: Bearer " + std::string(text.value().reveal()) + "\r\n";
  }
  std::string field(std::string method, std::string path) {
    return sign(claims(std::move(method), std::move(path)), house_.master);
  }
  void list_issuer(const Signer& issuer, std::vector<const Signer*> agents) {
    house_.board.publish([&](authority::Policy& policy) {
      for (const Signer* agent : agents) {
        policy.agent_whitelists[agent->address].insert(issuer.address);
      }
      auto facts = *policy.devices.at(device_);
      facts.issuer = issuer.address;
      policy.devices[device_] = std::make_shared<const authority::DeviceFacts>(facts);
    });
  }

  Recorder upstream_;
  House house_{House::settings_for(upstream_.url())};
  base::Secret<32> key_;
  identity::DeviceId device_;
  std::uint64_t counter_ = 0;
};

constexpr const char* ok = "HTTP/1.1 200 OK";
constexpr const char* unauthorized = "HTTP/1.1 401 Unauthorized";
constexpr const char* forbidden = "HTTP/1.1 403 Forbidden";

TEST_F(TokenDoor, LetsARequestThroughOnceAndTellsTheUpstreamWho) {
  const auto token = field("POST", "/v1/chat");
  EXPECT_EQ(status_of(house_.ask("POST /v1/chat?stream=1", token)), ok);
  const std::string head = upstream_.heads().at(0);
  EXPECT_EQ(field_of(head, "X-Kronborg-Issuer"), house_.master.address.text() + "|");
  EXPECT_EQ(field_of(head, "X-Kronborg-Audience"), house_.master.address.text() + "|");
  EXPECT_EQ(field_of(head, "X-Kronborg-Scope"), "master|");
  EXPECT_EQ(field_of(head, "X-Kronborg-Label"), "the%20desk|");
  EXPECT_EQ(field_of(head, "X-Kronborg-Key-Id"), "");
  EXPECT_EQ(field_of(head, "Authorization"), "");
  const std::string again = house_.ask("POST /v1/chat", token);
  EXPECT_EQ(status_of(again), unauthorized);
  EXPECT_EQ(body_of(again), R"({"error":{"message":"Invalid request token: Counter already used",)"
                            R"("type":"authentication_error","code":"request_token_replayed",)"
                            R"("hint":"Make a new token with a higher cnt for each request."}})");
  EXPECT_EQ(upstream_.heads().size(), 1U);
  EXPECT_EQ(house_.refused(), std::vector{base::Code::request_token_replayed});
}

TEST_F(TokenDoor, OfManyCopiesAtOnceOnePasses) {
  for (const bool ahead : {false, true}) {
    auto token = claims("GET", "/v1/models");
    if (ahead) token.issued_at += 20;
    const std::string credential = sign(token, house_.master);
    std::atomic<int> passed = 0;
    std::vector<std::thread> all;
    for (int i = 0; i < 8; ++i) {
      all.emplace_back([&] {
        if (status_of(house_.ask("GET /v1/models", credential)) == ok) ++passed;
      });
    }
    for (std::thread& thread : all) thread.join();
    EXPECT_EQ(passed, 1) << ahead;
  }
}

TEST_F(TokenDoor, ATokenIsForOneMethodAndPathAsSent) {
  EXPECT_EQ(status_of(house_.ask("POST /v1/models", field("GET", "/v1/models"))), unauthorized);
  EXPECT_EQ(status_of(house_.ask("GET /v1/models/", field("GET", "/v1/models"))), unauthorized);
  EXPECT_EQ(status_of(house_.ask("GET /v1/models", field("GET", "/models"))), unauthorized);
  EXPECT_EQ(status_of(house_.ask("GET /a%20b", field("GET", "/a b"))), unauthorized);
  EXPECT_EQ(status_of(house_.ask("GET /a%20b", field("GET", "/a%20b"))), ok);
  for (const base::Code code : std::vector(house_.refused())) {
    EXPECT_EQ(code, base::Code::request_token_action);
  }
  // What was refused has raised nothing.
  auto same_counter = claims("GET", "/x");
  EXPECT_EQ(status_of(house_.ask("GET /y", sign(same_counter, house_.master))), unauthorized);
  EXPECT_EQ(status_of(house_.ask("GET /x", sign(same_counter, house_.master))), ok);
}

TEST_F(TokenDoor, RefusalsSpeakOfTheToken) {
  auto token = claims("GET", "/v1/models");
  const Signer stranger(9);
  token.issuer = stranger.address;
  const std::string answer = house_.ask("GET /v1/models", sign(token, stranger));
  EXPECT_EQ(body_of(answer),
            R"({"error":{"message":"Invalid request token: Issuer not whitelisted",)"
            R"("type":"authentication_error","code":"issuer_not_whitelisted",)"
            R"("hint":"The owner can add the issuer: kronborg whitelist add <address>"}})");
  EXPECT_NE(field_of(answer, "WWW-Authenticate").find("error=\"invalid_token\""),
            std::string::npos);
  // Exactly three dots make a token; anything else is judged as an access key.
  const auto message_of = [&](const std::string& credential) {
    const std::string body =
        body_of(house_.ask("GET /v1/models", "Authorization: Bearer " + credential + "\r\n"));
    const std::size_t at = body.find("\"message\":\"") + 11;
    return body.substr(at, body.find('"', at) - at);
  };
  EXPECT_EQ(message_of("a.b.c."), "Invalid request token: Unsupported request token header");
  EXPECT_EQ(message_of("a..c."), "Invalid request token: Unrecognized token format");
  EXPECT_EQ(message_of("a.b.c"), "Invalid access key: Unrecognized token format");
  EXPECT_EQ(message_of("a.b.c.d.e"), "Invalid access key: Unrecognized token format");
  EXPECT_EQ(message_of("osk-v1.a.b.c"), "Invalid access key: Unrecognized token format");
}

TEST_F(TokenDoor, AnAgentsTokenIsForThatAgent) {
  auto token = claims("GET", "/agents/painter/x");
  token.issuer = house_.writer.address;
  token.parent = {.master = house_.master.address, .index = 0};
  token.path = "/agents/22222222-2222-4222-8222-222222222222/x";
  EXPECT_EQ(status_of(house_.ask("GET " + token.path, sign(token, house_.writer))), forbidden);
  token.path = "/agents/writer/x";
  token.counter = ++counter_;
  EXPECT_EQ(status_of(house_.ask("GET " + token.path, sign(token, house_.writer))), ok);
  token.path = "/x";
  token.counter = ++counter_;
  EXPECT_EQ(status_of(house_.ask("GET /x", sign(token, house_.writer))), ok);
  EXPECT_EQ(field_of(upstream_.heads().back(), "X-Kronborg-Agent"),
            "11111111-1111-4111-8111-111111111111|");
}

TEST_F(TokenDoor, AnIssuerOfSeveralAgentsNamesOne) {
  const Signer guest(9);
  list_issuer(guest, {&house_.writer, &house_.painter});
  const auto ask = [&](const std::string& path, const std::string& fields) {
    auto token = claims("GET", path);
    token.issuer = guest.address;
    return status_of(house_.ask("GET " + path, fields + sign(token, guest)));
  };
  EXPECT_EQ(ask("/x", ""), forbidden);
  EXPECT_EQ(ask("/agents/writer/x", ""), ok);
  EXPECT_EQ(field_of(upstream_.heads().back(), "X-Kronborg-Audience"),
            house_.writer.address.text() + "|");
  EXPECT_EQ(ask("/x", "X-Osaurus-Agent-Id: " + house_.painter.address.text() + "\r\n"), ok);
  EXPECT_EQ(field_of(upstream_.heads().back(), "X-Kronborg-Agent"),
            "22222222-2222-4222-8222-222222222222|");
  EXPECT_EQ(
      ask("/agents/writer/x", "X-Osaurus-Agent-Id: " + house_.painter.address.text() + "\r\n"),
      forbidden);
}

TEST_F(TokenDoor, ForwardAuthIsAboutTheOriginalRequest) {
  const auto verify = [&](const std::string& fields, const std::string& credential) {
    return status_of(house_.ask("GET /gate/verify", fields + credential));
  };
  constexpr const char* yes = "HTTP/1.1 204 No Content";
  const std::string nginx = "X-Original-Method: POST\r\nX-Original-URI: /v1/chat?x=1\r\n";
  const auto once = field("POST", "/v1/chat");
  EXPECT_EQ(verify(nginx, once), yes);
  EXPECT_EQ(verify(nginx, once), unauthorized);
  EXPECT_EQ(verify("X-Forwarded-Method: PUT\r\nX-Forwarded-Uri: /a\r\n", field("PUT", "/a")), yes);
  EXPECT_EQ(verify(nginx, field("GET", "/gate/verify")), unauthorized);
  EXPECT_EQ(verify(nginx, field("GET", "/v1/chat")), unauthorized);
  EXPECT_EQ(verify("", field("GET", "/gate/verify")), yes);
  // Fields that a client added beside those of its proxy have to agree with them.
  EXPECT_EQ(verify(nginx + "X-Forwarded-Uri: /v1/chat\r\n", field("POST", "/v1/chat")), yes);
  EXPECT_EQ(verify(nginx + "X-Forwarded-Uri: /a\r\n", field("POST", "/a")), unauthorized);
  EXPECT_EQ(verify(nginx + "X-Forwarded-Uri: /a\r\n", field("POST", "/v1/chat")), unauthorized);
  EXPECT_EQ(verify(nginx + "X-Original-URI: /a\r\n", field("POST", "/a")), unauthorized);
  EXPECT_EQ(verify("X-Original-URI: /v1/chat\r\n", field("GET", "/v1/chat")), unauthorized);
  auto ahead = claims("GET", "/gate/verify");
  ahead.issued_at += 20;
  EXPECT_EQ(verify("", sign(ahead, house_.master)), yes);
  EXPECT_EQ(verify("", sign(ahead, house_.master)), unauthorized);
}

TEST_F(TokenDoor, AStreamEndsWithItsDevice) {
  ScriptedUpstream streaming([](Wire& wire, int) {
    if (wire.read_head().empty()) return;
    wire.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "9\r\ndata: a\n\n\r\n");
    wire.read_to_end();
  });
  house_.set_upstream_of_writer(streaming.url());
  auto token = claims("GET", "/x");
  token.issuer = house_.writer.address;
  token.parent = {.master = house_.master.address, .index = 0};
  Wire client = house_.client();
  client.send("GET /x HTTP/1.1\r\nHost: localhost\r\n" + sign(token, house_.writer) + "\r\n");
  ASSERT_NE(client.read_head(), "");
  ASSERT_EQ(client.read_chunk(), "data: a\n\n");
  house_.tick();
  house_.board.publish([&](authority::Policy& policy) {
    auto facts = *policy.devices.at(device_);
    facts.revoked = true;
    policy.devices[device_] = std::make_shared<const authority::DeviceFacts>(facts);
  });
  house_.tick();
  const std::string rest = client.read_to_end();
  EXPECT_NE(rest.find("event: error"), std::string::npos) << rest;
  EXPECT_NE(rest.find("Invalid request token: Device has been revoked"), std::string::npos);
}

}  // namespace
}  // namespace kronborg::gate::test

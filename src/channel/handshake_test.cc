#include "channel/handshake.h"

#include "channel/fixture_test.h"
#include "channel/handshakes.h"
#include "identity/signature_text.h"

namespace kronborg::channel {
namespace {

using identity::Prefix;

crypto::PrivateKey agent_key_of(const object& session) {
  return support::secret_of(text_of(session, "agent_private_key_hex"));
}

identity::Address address(std::string_view text) { return identity::Address::parse(text).value(); }

TEST(Handshake, EveryIntermediateValueOfTheVectors) {
  const object file = support::known_answers("secure_channel.json");
  support::for_each_row(file, "sessions", [](const object& session) {
    const ClientHello client = client_hello_of(session.at("client_hello").as_object());
    const ServerHello server = server_hello_of(session.at("server_hello").as_object());
    const std::string transcript = transcript_of(client, server);
    EXPECT_EQ(transcript, text_of(session, "transcript"));
    EXPECT_EQ(
        base::hex(identity::envelope_digest(Prefix::secure_channel, base::bytes_of(transcript))),
        text_of(session, "digest_hex"));
    const auto own = support::secret_of(text_of(session, "client_private_hex"));
    const auto shared = crypto::x25519(own, crypto::read_x25519_public_key(server.enc_pub).value());
    ASSERT_TRUE(shared);
    EXPECT_EQ(base::hex(shared->reveal()), text_of(session, "shared_hex"));
    const SessionKeys keys = session_keys(*shared, transcript);
    EXPECT_EQ(base::hex(keys.c2s.reveal()), text_of(session, "c2s_hex"));
    EXPECT_EQ(base::hex(keys.s2c.reveal()), text_of(session, "s2c_hex"));
  });
}

TEST(Handshake, TheHostAnswersAsInTheVectors) {
  const object file = support::known_answers("secure_channel.json");
  support::for_each_row(file, "sessions", [](const object& session) {
    const object& expected = session.at("server_hello").as_object();
    support::GivenRandom random(support::bytes_of(session, "server_private_hex"));
    random.give(base::base64url_strict(text_of(expected, "sid")).value());
    const auto hello = read_client_hello(base::to_text(session.at("client_hello")));
    ASSERT_EQ(code_of(hello), "ok");
    const crypto::PrivateKey key = agent_key_of(session);
    const auto accepted = accept_client(
        *hello, address(text_of(session, "agent_address")),
        expected.at("expiresAt").as_int64() - session_life_s, random,
        [&](std::string_view transcript) -> base::Result<crypto::Signature> {
          return identity::sign(key, Prefix::secure_channel, base::bytes_of(transcript));
        });
    ASSERT_EQ(code_of(accepted), "ok");
    EXPECT_EQ(render(accepted->hello), base::sorted_json(expected));
    EXPECT_EQ(base::hex(accepted->keys.c2s.reveal()), text_of(session, "c2s_hex"));
  });
}

TEST(Handshake, TheClientEstablishesWhatTheVectorsSay) {
  const object file = support::known_answers("secure_channel.json");
  support::for_each_row(file, "sessions", [](const object& session) {
    const object& hello = session.at("client_hello").as_object();
    support::GivenRandom random(support::bytes_of(session, "client_private_hex"));
    random.give(base::base64url_strict(text_of(hello, "nonce")).value());
    const ClientHandshake client(address(text_of(session, "agent_address")), random);
    EXPECT_EQ(render(client.hello()), base::sorted_json(hello));
    const auto established = client.finish(base::to_text(session.at("server_hello")));
    ASSERT_EQ(code_of(established), "ok");
    EXPECT_EQ(base::hex(established->keys.c2s.reveal()), text_of(session, "c2s_hex"));
    EXPECT_EQ(base::hex(established->keys.s2c.reveal()), text_of(session, "s2c_hex"));
    EXPECT_EQ(established->sid, text_of(session.at("server_hello").as_object(), "sid"));
  });
}

TEST(Handshake, TheClientRefusesEveryServerThatMustFail) {
  const object file = support::known_answers("secure_channel.json");
  const object& session = file.at("sessions").at(0).as_object();
  support::for_each_of_kind(file, "must_fail", "server_hello", [&](const object& row) {
    const object& hello = row.at("client_hello").as_object();
    support::GivenRandom random(support::bytes_of(session, "client_private_hex"));
    random.give(base::base64url_strict(text_of(hello, "nonce")).value());
    const ClientHandshake client(address(text_of(row, "pinned_address")), random);
    // The case with another pin is about a client that would send the address of the vectors; what
    // the host signed then names another address than this client's.
    if (text_of(row, "name") != "pinned to another address") {
      EXPECT_EQ(render(client.hello()), base::sorted_json(hello));
    }
    EXPECT_FALSE(client.finish(base::to_text(row.at("server_hello"))));
  });
  support::GivenRandom random(std::array<std::uint8_t, 48>{9});
  const ClientHandshake client(address("0x331565e19602986634610f4B33Ff7ad182860036"), random);
  for (const char* const body : {"", "[]", "{}", "null", R"({"v":1})"}) {
    EXPECT_EQ(code_of(client.finish(body)), "host_answer_malformed") << body;
  }
}

/// A host with the first agent of the vectors.
class HandshakesTest : public testing::Test {
 protected:
  Identities identities() {
    return {.known = [this](const identity::Address& asked) { return asked == agent_; },
            .locked = [this] { return locked_; },
            .sign = [this](const identity::Address&,
                           std::string_view transcript) -> base::Result<crypto::Signature> {
              if (sign_fails_) return base::Error(*sign_fails_);
              return identity::sign(key_, Prefix::secure_channel, base::bytes_of(transcript));
            }};
  }
  std::string shake(std::string_view body, std::string_view source = "192.0.2.1") {
    const auto answer = handshakes_.shake(source, body);
    if (answer) return "ok";
    error_ = answer.error();
    return std::to_string(answer.error().status()) + " " + std::string(answer.error().text());
  }
  std::string good() { return base::to_text(session_.at("client_hello")); }

  object file_ = support::known_answers("secure_channel.json");
  const object& session_ = file_.at("sessions").at(0).as_object();
  identity::Address agent_ = address(text_of(session_, "agent_address"));
  crypto::PrivateKey key_ = agent_key_of(session_);
  bool locked_ = false;
  std::optional<base::Code> sign_fails_;
  base::Error error_ = base::Code::internal_error;
  SetClock clock_;
  base::SystemRandom random_;
  Sessions sessions_{clock_};
  Handshakes handshakes_{clock_, random_, sessions_, identities()};
};

TEST_F(HandshakesTest, WhatMustFailFailsWithItsSentence) {
  support::for_each_of_kind(file_, "must_fail", "client_hello", [&](const object& row) {
    const object& expected = row.at("expect").as_object();
    EXPECT_EQ(shake(base::to_text(row.at("request"))),
              std::to_string(expected.at("status").as_int64()) + " " + text_of(expected, "error"));
    clock_.step(10);
  });
  EXPECT_EQ(sessions_.live(), 0U);
}

TEST_F(HandshakesTest, TheFirstFailingRowDecides) {
  const auto with = [this](std::string_view member, base::json::value value) {
    object body = session_.at("client_hello").as_object();
    body[member] = value;
    return body;
  };
  object all_wrong = with("v", 2);
  all_wrong["encPub"] = "";
  all_wrong["agentAddress"] = "nobody";
  locked_ = true;
  object typeless = all_wrong;
  typeless["nonce"] = 1;
  EXPECT_EQ(shake(base::to_text(typeless)), "400 Invalid handshake request");
  EXPECT_EQ(shake("not JSON"), "400 Invalid handshake request");
  EXPECT_EQ(shake(base::to_text(all_wrong)), "400 Unsupported secure channel version");
  all_wrong["v"] = 1;
  EXPECT_EQ(shake(base::to_text(all_wrong)), "400 Malformed handshake");
  EXPECT_EQ(error_.code, base::Code::handshake_malformed);
  EXPECT_EQ(shake(base::to_text(with("agentAddress", "nobody"))), "404 Unknown agent address");
  EXPECT_EQ(shake(good()), "503 Secure channel identity unavailable, try again");
  EXPECT_EQ(error_.code, base::Code::identity_locked);
  locked_ = false;
  sign_fails_ = base::Code::identity_locked;
  EXPECT_EQ(shake(good()), "503 Secure channel identity unavailable, try again");
  sign_fails_ = base::Code::keyholder_failed;
  EXPECT_EQ(shake(good()), "500 Failed to establish secure session");
  sign_fails_.reset();
  EXPECT_EQ(shake(good()), "ok");
  EXPECT_EQ(shake(base::to_text(with("agentAddress", base::json::value(agent_.text())))), "ok");
  EXPECT_EQ(sessions_.live(), 2U);
}

TEST_F(HandshakesTest, AnotherKeyThanThatOfTheAddressSignsNothing) {
  key_.fill()[31] ^= 1;
  EXPECT_EQ(shake(good()), "500 Failed to establish secure session");
  EXPECT_EQ(sessions_.live(), 0U);
}

TEST_F(HandshakesTest, ThirtyInAMinuteThenTenSecondsNothing) {
  for (int i = 0; i < 30; ++i) EXPECT_NE(shake("{}"), "ok");
  clock_.step(55);
  EXPECT_EQ(shake(good()), "429 Too many pairing attempts. Try again shortly.");
  EXPECT_EQ(error_.code, base::Code::channel_rate_limited);
  EXPECT_EQ(std::get<std::int64_t>(error_.details.at(0).value), 10);
  EXPECT_EQ(shake(good(), "192.0.2.2"), "ok");
  clock_.step(10);
  EXPECT_EQ(shake(good()), "ok");
}

TEST_F(HandshakesTest, ClientAndHostUnderstandEachOther) {
  const ClientHandshake client(agent_, random_);
  const auto answer = handshakes_.shake("192.0.2.1", render(client.hello()));
  ASSERT_EQ(code_of(answer), "ok");
  auto established = client.finish(*answer);
  ASSERT_EQ(code_of(established), "ok");
  EXPECT_EQ(established->expires_at, clock_.now() + session_life_s);
  ClientSession session(*std::move(established));
  EXPECT_FALSE(session.ends_soon(clock_.now() + session_life_s - 61));
  EXPECT_TRUE(session.ends_soon(clock_.now() + session_life_s - 60));
  const SealedRequest sealed = session.seal(R"({"method":"GET","path":"/"})");
  EXPECT_EQ(sealed.seq, 1U);
  const auto opened = sessions_.open(read_sealed_call(sealed.body).value());
  ASSERT_EQ(code_of(opened), "ok");
  EXPECT_EQ(opened->inner.reveal(), R"({"method":"GET","path":"/"})");
  EXPECT_EQ(opened->agent, agent_);
}

}  // namespace
}  // namespace kronborg::channel

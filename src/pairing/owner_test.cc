#include "pairing/owner.h"

#include "pairing/connector.h"
#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

class OwnersTest : public PairingTest {
 protected:
  std::string sign(const identity::Address& agent, std::string_view nonce,
                   std::string_view key_hex = master_key_hex) {
    return signed_text(support::secret_of(key_hex), identity::Prefix::ethereum,
                       owner_text(agent, nonce));
  }
  base::Result<Answered200> post(std::string_view body) {
    const auto value = base::parse_json(body).value();
    return owners_.answer(authority::owner(), value.at("owner_redeem"));
  }
  std::string nonce_for(const OwnerDevice& device, const identity::Address& agent) {
    const auto answer = post(owner_challenge_body(agent, device));
    EXPECT_EQ(told(answer), "ok");
    EXPECT_FALSE(answer->key_id);
    return read_owner_challenge(answer->body.reveal()).value();
  }
  base::Result<Answered200> redeem(const OwnerDevice& device) {
    attempt_ = Attempt::draw(random());
    nonce_ = nonce_for(device, agent_);
    return post(owner_redeem_body(agent_, device, nonce_, attempt_.enc_pub, sign(agent_, nonce_)));
  }

  identity::Address agent_ = address(agent_address);
  OwnerDevice device_{.id = "mac-1", .name = "Mac"};
  Attempt attempt_;
  std::string nonce_;
  OwnerRedeems owners_{*parts_};
};

TEST_F(OwnersTest, FromProofToKey) {
  const auto answer = redeem(device_);
  ASSERT_EQ(told(answer), "ok");
  const auto received = read_key_answer(
      answer->body.reveal(),
      {.answered = Answered::redeem, .agent = agent_, .nonce = nonce_, .enc_pub = attempt_.enc_pub},
      attempt_.key);
  ASSERT_EQ(told(received), "ok");
  EXPECT_EQ(received->expires_at, clock_.now() + 90 * 86'400);
  EXPECT_EQ(stored("SELECT label FROM access_keys"), "Owner device – Mac");
  EXPECT_EQ(live_keys("owner-redeem"), 1);
  EXPECT_EQ(code_of(post(owner_redeem_body(agent_, device_, nonce_, attempt_.enc_pub,
                                           sign(agent_, nonce_)))),
            "owner_redeem_nonce");
}

TEST_F(OwnersTest, OneLiveKeyPerDeviceAndAgent) {
  host_->add("Second", connector_key_hex);
  const auto second = identity::address_of(support::secret_of(connector_key_hex));
  ASSERT_EQ(told(redeem(device_)), "ok");
  ASSERT_EQ(told(redeem(device_)), "ok");
  EXPECT_EQ(live_keys("owner-redeem"), 1);
  ASSERT_EQ(told(redeem({.id = "mac-2", .name = ""})), "ok");
  EXPECT_EQ(live_keys("owner-redeem"), 2);
  agent_ = second;
  ASSERT_EQ(told(redeem(device_)), "ok");
  EXPECT_EQ(live_keys("owner-redeem"), 3);
}

TEST_F(OwnersTest, WhatMustFailOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  const auto post_row = [&](const object& row) {
    const object& request = row.at("request").as_object();
    object members = request;
    members["v"] = 1;
    members["device_id"] = "mac-1";
    members["encPub"] = Attempt::draw(random()).enc_pub;
    // The nonce of the row is outstanding for this device and agent.
    support::GivenRandom random(base::base64url_strict(text_of(request, "nonce")).value());
    const authority::Parts& real = authority_parts();
    const authority::Parts given{.database = real.database,
                                 .board = real.board,
                                 .key_holder = real.key_holder,
                                 .clock = real.clock,
                                 .random = random,
                                 .data_folder = real.data_folder,
                                 .signals = real.signals};
    const Parts parts{.authority = given, .host = *host_, .host_name = "", .origin = ""};
    OwnerRedeems owners(parts);
    const object first{
        {"v", 1}, {"device_id", "mac-1"}, {"agent_address", request.at("agent_address")}};
    EXPECT_EQ(told(owners.answer(authority::owner(), first)), "ok");
    random.give(base::Bytes(64, 9));  // for the key that seals
    return told(owners.answer(authority::owner(), members));
  };
  EXPECT_EQ(host_->master(),
            address(text_of(file.at("owner_redeem").at(0).as_object(), "master_address")));
  support::for_each_of_kind(file, "must_fail", "redeem",
                            [&](const object& row) { EXPECT_EQ(post_row(row), expected_of(row)); });
  support::for_each_of_kind(file, "accepted", "redeem",
                            [&](const object& row) { EXPECT_EQ(post_row(row), "ok"); });
}

TEST_F(OwnersTest, TheFirstFailingRowDecides) {
  const auto judge = [&](const base::json::value& value) {
    return told(owners_.answer(authority::owner(), value));
  };
  EXPECT_EQ(judge(1), "400 owner_redeem_version Unsupported owner_redeem version");
  object body{
      {"v", 2}, {"agent_address", "x"}, {"device_id", ""}, {"device_name", 1}, {"nonce", "x"}};
  EXPECT_EQ(judge(body), "400 owner_redeem_version Unsupported owner_redeem version");
  body["v"] = 1;
  const std::string bad_address =
      "400 owner_redeem_address agent_address must be a 0x-prefixed 20-byte hex address";
  EXPECT_EQ(judge(body), bad_address);
  body["agent_address"] = agent_address.substr(2);
  EXPECT_EQ(judge(body), bad_address);
  body["agent_address"] = agent_address;
  const std::string bad_id =
      "400 owner_redeem_device_id device_id must be 1–64 characters of [A-Za-z0-9._-]";
  for (const std::string& id : {std::string(), std::string("a b"), std::string(65, 'a'),
                                std::string("æ"), std::string("a/b")}) {
    body["device_id"] = id;
    EXPECT_EQ(judge(body), bad_id) << id;
  }
  body["device_id"] = std::string(64, 'a');
  const std::string bad_name =
      "400 owner_redeem_device_name device_name must be at most 80 characters";
  EXPECT_EQ(judge(body), bad_name);
  body["device_name"] = std::string(81, 'x');
  EXPECT_EQ(judge(body), bad_name);
  body["device_name"] = std::string(80, 'x');
  const std::string bad_key =
      "400 encryption_key_invalid encPub is required: a base64url X25519 public key (32 bytes)";
  EXPECT_EQ(judge(body), bad_key);
  body["encPub"] = std::string(43, 'A');
  EXPECT_EQ(judge(body), bad_key);
  body["encPub"] = Attempt::draw(random()).enc_pub;
  host_->is_locked = true;
  EXPECT_EQ(judge(body), "503 identity_locked Host identity is unavailable right now");
  host_->is_locked = false;
  EXPECT_EQ(judge(body), "401 owner_redeem_nonce Unknown or expired challenge nonce");
  body.erase("nonce");
  body["wallet_signature"] = "0x";
  EXPECT_EQ(judge(body), "401 owner_redeem_nonce Unknown or expired challenge nonce");
}

TEST_F(OwnersTest, AfterTheNonceTheSignatureAndThenTheAgent) {
  const auto attempt = Attempt::draw(random());
  const auto nobody = address("0x1111111111111111111111111111111111111111");
  std::string nonce = nonce_for(device_, agent_);
  EXPECT_EQ(told(post(owner_redeem_body(agent_, device_, nonce, attempt.enc_pub,
                                        sign(agent_, nonce, agent_key_hex)))),
            "401 owner_redeem_signature Signature does not match this host's identity");
  EXPECT_EQ(code_of(post(
                owner_redeem_body(agent_, device_, nonce, attempt.enc_pub, sign(agent_, nonce)))),
            "owner_redeem_nonce");
  nonce = nonce_for(device_, nobody);
  EXPECT_EQ(
      told(post(owner_redeem_body(nobody, device_, nonce, attempt.enc_pub, sign(nobody, nonce)))),
      "404 agent_unknown Agent address not found on this server");
  host_->mint_fails = base::Code::counter_exhausted;
  EXPECT_EQ(told(redeem(device_)), "500 mint_failed Failed to mint access key");
  EXPECT_EQ(live_keys("owner-redeem"), 0);
}

TEST_F(OwnersTest, TheNewestChallengeOfAPairForTwoMinutes) {
  const auto attempt = Attempt::draw(random());
  const auto use = [&](const std::string& nonce, const OwnerDevice& device) {
    return code_of(
        post(owner_redeem_body(agent_, device, nonce, attempt.enc_pub, sign(agent_, nonce))));
  };
  const std::string first = nonce_for(device_, agent_);
  const std::string second = nonce_for(device_, agent_);
  EXPECT_EQ(owners_.outstanding(), 1U);
  EXPECT_EQ(use(first, device_), "owner_redeem_nonce");
  EXPECT_EQ(use(second, {.id = "mac-2", .name = ""}), "owner_redeem_nonce");
  EXPECT_EQ(use(second, device_), "ok");
  const std::string late = nonce_for(device_, agent_);
  clock_.step(120'000);
  EXPECT_EQ(use(late, device_), "owner_redeem_nonce");
}

TEST_F(OwnersTest, TwoHundredAndFiftySixAtMost) {
  const std::string first = nonce_for({.id = "d0", .name = ""}, agent_);
  for (int i = 1; i < 300; ++i) nonce_for({.id = "d" + std::to_string(i), .name = ""}, agent_);
  EXPECT_EQ(owners_.outstanding(), 256U);
}

}  // namespace
}  // namespace kronborg::pairing

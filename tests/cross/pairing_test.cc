#include "credential/access_key.h"
#include "cross/peer.h"
#include "identity/derivation.h"
#include "identity/signature_text.h"
#include "identity/signed_message.h"
#include "pairing/commitment.h"
#include "pairing/connector.h"
#include "pairing/invite.h"
#include "pairing/proofs.h"
#include "pairing/seal.h"
#include "pairing/words.h"

namespace kronborg::cross {
namespace {

using identity::Prefix;
using pairing::Answered;

constexpr std::int64_t now = 1'790'000'000;

struct Exchange {
  crypto::X25519PrivateKey key;
  std::string enc_pub;
  explicit Exchange(base::Random& random)
      : key(crypto::new_x25519_key(random)),
        enc_pub(base::base64url(crypto::x25519_public_key(key))) {}
};

std::string signed_text(const crypto::PrivateKey& key, Prefix prefix, std::string_view text) {
  return identity::signature_text(identity::sign(key, prefix, base::bytes_of(text)));
}

TEST_F(CrossTest, TextsWordsAndCommitmentsAreTheSame) {
  for (int round = 0; round < rounds; ++round) {
    const auto connector = identity::address_of(identity::new_master_key(random_));
    const auto agent = identity::address_of(identity::new_master_key(random_));
    const Exchange own(random_);
    const std::string nonce = hex_digits(32);
    const auto texts = peer().ask("texts", {{"nonce", nonce},
                                            {"enc_pub", own.enc_pub},
                                            {"agent_address", agent.text()},
                                            {"exp", now}});
    EXPECT_EQ(text_in(texts, "connector"), pairing::connector_text(nonce, own.enc_pub));
    EXPECT_EQ(text_in(texts, "pair_server"),
              pairing::server_text(Answered::pair, agent, nonce, own.enc_pub));
    EXPECT_EQ(text_in(texts, "invite_server"),
              pairing::server_text(Answered::invite, agent, nonce, own.enc_pub));
    EXPECT_EQ(text_in(texts, "redeem_server"),
              pairing::server_text(Answered::redeem, agent, nonce, own.enc_pub));
    EXPECT_EQ(text_in(texts, "invite"), pairing::invite_text(agent.text(), nonce, now));
    EXPECT_EQ(text_in(texts, "redeem"), pairing::owner_text(agent, nonce));
    const auto words = peer().ask("pairing_words", {{"nonce", nonce},
                                                    {"connector_address", connector.text()},
                                                    {"agent_address", agent.text()},
                                                    {"enc_pub", own.enc_pub}});
    EXPECT_EQ(text_in(words, "sas"), pairing::short_words({nonce, connector, agent, own.enc_pub}));
    EXPECT_EQ(text_in(words, "connector_words"), pairing::address_words(connector));
    EXPECT_EQ(text_in(words, "agent_words"), pairing::address_words(agent));
    pairing::Reveal reveal{};
    random_.fill(reveal);
    const auto commitment =
        pairing::commitment_of(reveal, connector, crypto::x25519_public_key(own.key));
    EXPECT_EQ(text_in(peer().ask("commit", {{"reveal", base::hex(reveal)},
                                            {"connector_address", connector.text()},
                                            {"enc_pub", own.enc_pub}}),
                      "commit"),
              base::base64url(commitment));
  }
}

TEST_F(CrossTest, WhatOneSealsTheOtherOpens) {
  for (int round = 0; round < rounds; ++round) {
    const auto agent = identity::address_of(identity::new_master_key(random_));
    const std::string nonce = hex_digits(32);
    const std::string info = "osaurus-pair-key-v1:" + agent.lower() + ":" + nonce;
    const Exchange own(random_);
    const std::string plain = "osk-v1." + name(60);
    const auto theirs = peer().ask("hpke_seal", {{"enc_pub", own.enc_pub},
                                                 {"info", info},
                                                 {"plaintext", base::hex(base::bytes_of(plain))}});
    const auto opened =
        pairing::open_key({text_in(theirs, "enc"), text_in(theirs, "ct")}, own.key, agent, nonce);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), plain);
    const auto sealed =
        pairing::seal_key(plain, crypto::x25519_public_key(own.key), agent, nonce, random_);
    ASSERT_TRUE(sealed);
    json::object asked{{"private_key", base::hex(own.key.reveal())},
                       {"info", info},
                       {"enc", sealed->enc},
                       {"ct", sealed->ct}};
    EXPECT_EQ(text_in(peer().ask("hpke_open", asked), "plaintext"),
              base::hex(base::bytes_of(plain)));
    asked["info"] = info + "0";
    EXPECT_TRUE(peer().ask("hpke_open", asked).at("plaintext").is_null());
  }
}

/// The answer of a host in C++ to each way of pairing, taken by the connector in TypeScript.
TEST_F(CrossTest, AnswersWithKeysAreTaken) {
  for (int round = 0; round < rounds; ++round) {
    const auto key = identity::new_master_key(random_);
    const auto agent = identity::address_of(key);
    const std::string nonce = base64url_text(32);
    const Exchange own(random_);
    const std::string payload = credential::access_key_payload({.issuer = agent,
                                                                .audience = agent,
                                                                .label = "pairing",
                                                                .nonce = hex_digits(16),
                                                                .counter = below(1ULL << 50U),
                                                                .issued_at = now,
                                                                .expires_at = now + 3600});
    const auto token = credential::access_key_text(
        payload, identity::sign(key, Prefix::access, base::bytes_of(payload)));
    const auto kind = std::array{Answered::pair, Answered::invite, Answered::redeem}[below(3)];
    const std::string_view named = kind == Answered::pair     ? "pair"
                                   : kind == Answered::invite ? "invite"
                                                              : "redeem";
    const auto sealed = pairing::seal_key(token.reveal(), crypto::x25519_public_key(own.key), agent,
                                          nonce, random_);
    ASSERT_TRUE(sealed);
    json::object answer{
        {"agentAddress", agent.text()},
        {"apiKey", ""},
        {"sealedApiKey", {{"ct", sealed->ct}, {"enc", sealed->enc}}},
        {"secureChannel", true},
        {"serverSignature", signed_text(key, Prefix::pairing_server,
                                        pairing::server_text(kind, agent, nonce, own.enc_pub))}};
    if (kind == Answered::pair) answer["isPermanent"] = false;
    if (kind != Answered::pair) answer["agentName"] = "x", answer["relayBaseURL"] = "http://h";
    const json::object asked{{"answer", answer},
                             {"kind", named},
                             {"agent_address", agent.text()},
                             {"nonce", nonce},
                             {"private_key", base::hex(own.key.reveal())}};
    const auto taken = peer().ask("open_answer", asked);
    EXPECT_EQ(text_in(taken, "api_key"), token.reveal());
    // The same answer for another exchange, or with another signature, is refused.
    json::object altered = asked;
    altered["nonce"] = base64url_text(32);
    EXPECT_FALSE(peer().refusal("open_answer", altered).empty());
    // Ours takes what theirs takes.
    const pairing::Expected expected{
        .answered = kind, .agent = agent, .nonce = nonce, .enc_pub = own.enc_pub};
    const auto ours = pairing::read_key_answer(base::to_text(answer), expected, own.key);
    ASSERT_TRUE(ours) << ours.error().text();
    EXPECT_EQ(ours->key.reveal(), token.reveal());
  }
}

TEST_F(CrossTest, InvitesWrittenThereAreReadHereAndBack) {
  for (int round = 0; round < rounds; ++round) {
    const auto key = identity::new_master_key(random_);
    const auto agent = identity::address_of(key);
    const std::string description = name(50);
    json::object order{{"private_key", base::hex(key.reveal())},
                       {"name", name(20)},
                       {"url", "http://host.example:1337"},
                       {"exp", now + 100},
                       {"nonce", hex_digits(32)}};
    if (coin()) order["description"] = description;
    const std::string link = text_in(peer().ask("invite_write", order), "link");
    const auto checked = pairing::check_invite(link, now);
    ASSERT_TRUE(checked) << checked.error().text() << " " << link;
    EXPECT_EQ(checked->agent, agent);
    EXPECT_TRUE(checked->verified);
    EXPECT_EQ(checked->invite.name, order.at("name").as_string());
    EXPECT_EQ(pairing::invite_link(checked->invite), link);
    const auto read =
        peer().ask("invite_read", {{"link", pairing::invite_link(checked->invite)}, {"now", now}});
    EXPECT_EQ(text_in(read, "agent_address"), agent.lower());
    EXPECT_EQ(read.at("is_verified"), json::value(true));
    EXPECT_FALSE(pairing::check_invite(link, now + 100));
    EXPECT_FALSE(peer().refusal("invite_read", {{"link", link}, {"now", now + 100}}).empty());
  }
}

}  // namespace
}  // namespace kronborg::cross

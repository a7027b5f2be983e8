#include "pairing/prompt.h"

#include "pairing/connector.h"
#include "pairing/fixture_test.h"
#include "pairing/proofs.h"
#include "pairing/words.h"

namespace kronborg::pairing {
namespace {

constexpr std::string_view connector_source = "192.0.2.7";

/// A host with one agent, and a connector with the pairing key of the vectors.
class PromptTest : public PairingTest {
 protected:
  struct Connected {
    Attempt attempt;
    HostChallenge challenge;
    std::string body;
  };
  std::string sign(std::string_view text) {
    return signed_text(support::secret_of(connector_key_hex), identity::Prefix::pairing, text);
  }
  /// The connector's side up to the body of POST /pair.
  Connected connect(Compare compare = Compare::required) {
    Connected out{.attempt = Attempt::draw(random()), .challenge = {}, .body = {}};
    const auto answer = prompts_.challenge(
        connector_source,
        compare == Compare::required ? "commit=" + out.attempt.commit(connector_) : std::string());
    EXPECT_EQ(told(answer), "ok");
    out.challenge = read_challenge_answer(answer.value(), compare).value();
    out.body = pair_body(connector_, agent_id, out.challenge, out.attempt,
                         sign(connector_text(out.challenge.nonce, out.attempt.enc_pub)));
    return out;
  }
  base::Result<Asked> ask(std::string_view body) {
    return prompts_.ask(connector_source, body,
                        [this](const Decision& decision) { decision_ = decision; });
  }
  Expected expected(const Connected& connected, const std::optional<std::string>& sas) {
    return {.answered = Answered::pair,
            .agent = address(agent_address),
            .nonce = connected.challenge.nonce,
            .enc_pub = connected.attempt.enc_pub,
            .sas = sas};
  }

  identity::Address connector_ = identity::address_of(support::secret_of(connector_key_hex));
  std::optional<Decision> decision_;
  Attempts attempts_{clock_};
  Challenges challenges_{clock_, random()};
  Requests requests_{clock_, random(), {}};
  Prompts prompts_{*parts_, attempts_, challenges_, requests_};
};

TEST_F(PromptTest, AComparedPairingFromEndToEnd) {
  const Connected connected = connect();
  const auto asked = ask(connected.body);
  ASSERT_EQ(told(asked), "ok");
  const PairingRequest shown = requests_.pending().at(0);
  EXPECT_EQ(shown.ask.connector, connector_);
  EXPECT_EQ(shown.ask.fingerprint, address_words(connector_));
  EXPECT_EQ(shown.ask.agent_name, "Helsingør");
  EXPECT_EQ(shown.ask.source_address, connector_source);
  EXPECT_TRUE(shown.ask.encrypted);
  EXPECT_FALSE(shown.ask.known_connector);
  const std::string words = short_words({.nonce = connected.challenge.nonce,
                                         .connector = connector_,
                                         .agent = address(agent_address),
                                         .enc_pub = connected.attempt.enc_pub});
  EXPECT_EQ(shown.ask.sas, words);
  EXPECT_EQ(live_keys("pairing"), 0);

  ASSERT_EQ(told(prompts_.approve(authority::owner(), shown.id, false, std::nullopt)), "ok");
  ASSERT_TRUE(decision_);
  const auto answer = prompts_.answer(*asked, *decision_);
  ASSERT_EQ(told(answer), "ok");
  const auto received =
      read_key_answer(answer->body.reveal(), expected(connected, words), connected.attempt.key);
  ASSERT_EQ(told(received), "ok");
  EXPECT_TRUE(received->key.reveal().starts_with("osk-v1."));
  EXPECT_EQ(received->expires_at, clock_.now() + 90 * 86'400);
  EXPECT_EQ(live_keys("pairing"), 1);
  EXPECT_EQ(stored("SELECT label FROM access_keys"), "Paired – 0xe7DD…2900");
  EXPECT_EQ(audit_rows("pairing.approve"), 1);
  EXPECT_EQ(stored("SELECT source_address FROM audit WHERE type = 'pairing.approve'"),
            connector_source);
  EXPECT_EQ(stored("SELECT key_id FROM paired_keys"), *answer->key_id);

  // The same connector again is a known one.
  clock_.step(60'000);
  ASSERT_EQ(told(ask(connect().body)), "ok");
  EXPECT_TRUE(requests_.pending().at(0).ask.known_connector);
}

TEST_F(PromptTest, TheAnswerHasItsMembersAndNoOthers) {
  const Connected connected = connect(Compare::waived);
  const auto asked = ask(connected.body);
  ASSERT_EQ(told(asked), "ok");
  EXPECT_FALSE(requests_.pending().at(0).ask.sas);
  ASSERT_EQ(told(prompts_.approve(authority::owner(), asked->request_id, true, "My laptop")), "ok");
  const auto answer = prompts_.answer(*asked, *decision_);
  ASSERT_EQ(told(answer), "ok");
  const object body = base::parse_json(answer->body.reveal()).value().as_object();
  std::vector<std::string> names;
  for (const auto& member : body) names.emplace_back(member.key());
  EXPECT_EQ(names, (std::vector<std::string>{"agentAddress", "apiKey", "isPermanent",
                                             "sealedApiKey", "secureChannel", "serverSignature"}));
  EXPECT_EQ(body.at("apiKey"), "");
  EXPECT_EQ(body.at("isPermanent"), true);
  EXPECT_EQ(text_of(body, "agentAddress"), agent_address);
  const auto received =
      read_key_answer(answer->body.reveal(), expected(connected, {}), connected.attempt.key);
  ASSERT_EQ(told(received), "ok");
  EXPECT_FALSE(received->expires_at);
  EXPECT_EQ(stored("SELECT label FROM access_keys"), "My laptop");
}

TEST_F(PromptTest, WithoutAKeyToSealToItLeavesInClear) {
  const auto nonce = text_of(
      base::parse_json(prompts_.challenge(connector_source, "").value()).value().as_object(),
      "nonce");
  const auto asked = ask(base::to_text(object{{"connectorAddress", connector_.text()},
                                              {"agentId", "52DC1F74-EA76-44C7-A7AC-47C9BDF0E8F5"},
                                              {"nonce", nonce},
                                              {"signature", sign(nonce)}}));
  ASSERT_EQ(told(asked), "ok");
  EXPECT_FALSE(requests_.pending().at(0).ask.encrypted);
  ASSERT_EQ(told(prompts_.approve(authority::owner(), asked->request_id, false, {})), "ok");
  const auto answer = prompts_.answer(*asked, *decision_);
  ASSERT_EQ(told(answer), "ok");
  const object body = base::parse_json(answer->body.reveal()).value().as_object();
  EXPECT_TRUE(text_of(body, "apiKey").starts_with("osk-v1."));
  EXPECT_FALSE(body.contains("sealedApiKey"));
  // No kronborg connector takes such a key.
  EXPECT_EQ(code_of(read_key_answer(answer->body.reveal(),
                                    {.agent = address(agent_address), .nonce = nonce},
                                    base::Secret<32>())),
            "host_key_refused");
}

TEST_F(PromptTest, TheFirstFailingRowDecides) {
  const std::string busy =
      "429 pairing_busy Another pairing request is in progress. Try again "
      "shortly.";
  Connected first = connect();
  host_->is_locked = true;
  host_->agent(agent_id).shared = false;
  EXPECT_EQ(told(ask("not JSON")), "400 pairing_malformed Invalid pairing request");
  // Rows 1 to 4 use up nothing: the nonce is still good.
  EXPECT_EQ(told(ask(first.body)),
            "404 pairing_agent_unavailable Agent not found or not available for pairing");
  EXPECT_EQ(told(ask(first.body)),
            "401 pairing_challenge_invalid Pairing challenge expired or invalid");
  clock_.step(60'000);
  host_->agent(agent_id).shared = true;
  EXPECT_EQ(told(ask(connect().body)), "503 identity_locked The identity is locked.");
  host_->is_locked = false;
  EXPECT_EQ(told(ask(connect().body)), "ok");
  clock_.step(60'000);
  EXPECT_EQ(told(ask(connect().body)), busy);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(told(prompts_.challenge(connector_source, "")), "ok");
  const std::string over = "429 pairing_rate_limited Too many pairing attempts. Try again shortly.";
  EXPECT_EQ(told(prompts_.challenge(connector_source, "commit=")), over);
  EXPECT_EQ(told(ask("not JSON")), over);
}

TEST_F(PromptTest, ADenialCoolsTheSourceDownAndSilenceDoesNot) {
  const auto asked = ask(connect().body);
  ASSERT_EQ(told(asked), "ok");
  ASSERT_EQ(told(prompts_.deny(authority::owner(), asked->request_id)), "ok");
  EXPECT_EQ(told(prompts_.answer(*asked, *decision_)), "403 pairing_denied Pairing denied");
  EXPECT_EQ(audit_rows("pairing.deny"), 1);
  EXPECT_EQ(code_of(prompts_.challenge(connector_source, "")), "pairing_rate_limited");
  clock_.step(30'000);
  const auto again = ask(connect().body);
  ASSERT_EQ(told(again), "ok");
  clock_.step(120'000);
  requests_.expire();
  EXPECT_EQ(told(prompts_.answer(*again, *decision_)), "403 pairing_denied Pairing denied");
  EXPECT_EQ(told(prompts_.challenge(connector_source, "")), "ok");
  EXPECT_EQ(audit_rows("pairing.deny"), 1);
  EXPECT_EQ(live_keys("pairing"), 0);
}

TEST_F(PromptTest, DecisionsComeOnceAndForOneRequest) {
  const auto asked = ask(connect().body);
  ASSERT_EQ(told(asked), "ok");
  EXPECT_EQ(code_of(prompts_.approve(authority::owner(), asked->request_id, false, "\n")),
            "label_invalid");
  EXPECT_EQ(told(prompts_.approve(authority::owner(), asked->request_id, false, {})), "ok");
  EXPECT_EQ(code_of(prompts_.deny(authority::owner(), asked->request_id)), "pairing_decided");
  EXPECT_EQ(code_of(prompts_.approve(authority::owner(), "x", false, {})), "not_found");
}

TEST_F(PromptTest, WhatCannotBeMintedLeavesNothing) {
  const auto approved = [&] {
    const auto asked = ask(connect().body);
    EXPECT_EQ(told(asked), "ok");
    EXPECT_EQ(told(prompts_.approve(authority::owner(), asked->request_id, false, {})), "ok");
    clock_.step(60'000);
    return *asked;
  };
  const std::string failed = "500 mint_failed Failed to generate access key";
  host_->mint_fails = base::Code::counter_exhausted;
  EXPECT_EQ(told(prompts_.answer(approved(), *decision_)), failed);
  host_->mint_fails.reset();
  host_->sign_fails = base::Code::keyholder_failed;
  EXPECT_EQ(told(prompts_.answer(approved(), *decision_)), failed);
  host_->sign_fails.reset();
  // Rotated between approval and mint: the words were about another address.
  const Asked asked = approved();
  host_->set_key(agent_id, connector_key_hex);
  EXPECT_EQ(told(prompts_.answer(asked, *decision_)), failed);
  host_->set_key(agent_id, agent_key_hex);
  host_->is_locked = true;
  EXPECT_EQ(told(prompts_.answer(asked, *decision_)),
            "503 identity_locked The identity is locked.");
  EXPECT_EQ(live_keys("pairing"), 0);
  EXPECT_EQ(audit_rows("pairing.approve"), 0);
}

TEST_F(PromptTest, AnUndeliveredKeyIsRevoked) {
  const auto asked = ask(connect().body);
  ASSERT_EQ(told(asked), "ok");
  ASSERT_EQ(told(prompts_.approve(authority::owner(), asked->request_id, false, {})), "ok");
  const auto answer = prompts_.answer(*asked, *decision_);
  ASSERT_EQ(told(answer), "ok");
  ASSERT_EQ(told(undelivered(*parts_, authority::owner(), *answer->key_id)), "ok");
  EXPECT_EQ(live_keys("pairing"), 0);
  EXPECT_EQ(stored("SELECT revoked_reason FROM access_keys"), "undelivered");
}

// Somebody in the middle runs one exchange with each end, with keys of their own. They have to
// commit towards the host before they know its nonce, so that the words on the two screens are
// those of two different exchanges.
TEST_F(PromptTest, WhoStandsInTheMiddleIsSeen) {
  const Attempt victim = Attempt::draw(random());
  const Attempt middle = Attempt::draw(random());
  const auto middle_key = support::secret_of(std::string(63, '0') + "7");
  const auto middle_address = identity::address_of(middle_key);
  const auto answer =
      prompts_.challenge(connector_source, "commit=" + middle.commit(middle_address));
  const auto challenge = read_challenge_answer(answer.value(), Compare::required).value();
  // The victim gets the host's nonce and would sign it for its own key.
  const std::string shown_to_victim = short_words({.nonce = challenge.nonce,
                                                   .connector = connector_,
                                                   .agent = address(agent_address),
                                                   .enc_pub = victim.enc_pub});
  const auto body = pair_body(middle_address, agent_id, challenge, middle,
                              signed_text(middle_key, identity::Prefix::pairing,
                                          connector_text(challenge.nonce, middle.enc_pub)));
  ASSERT_EQ(told(ask(body)), "ok");
  const auto shown = requests_.pending().at(0).ask;
  EXPECT_NE(shown.sas, shown_to_victim);
  EXPECT_NE(shown.fingerprint, address_words(connector_));

  // The victim's own proof does not fit the key that was committed to.
  const auto second =
      prompts_.challenge(connector_source, "commit=" + middle.commit(middle_address));
  const auto nonce = read_challenge_answer(second.value(), Compare::required).value();
  EXPECT_EQ(code_of(ask(pair_body(connector_, agent_id, nonce, victim,
                                  sign(connector_text(nonce.nonce, victim.enc_pub))))),
            "pairing_commitment_mismatch");
}

}  // namespace
}  // namespace kronborg::pairing

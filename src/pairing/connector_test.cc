#include "pairing/connector.h"

#include "pairing/fixture_test.h"
#include "pairing/seal.h"

namespace kronborg::pairing {
namespace {

constexpr std::int64_t now = 1'767'225'601;

TEST(ChallengeAnswers, WhatMustFailAndWhatIsAccepted) {
  const object file = support::known_answers("pairing.json");
  support::for_each_of_kind(file, "must_fail", "challenge_answer", [](const object& row) {
    EXPECT_FALSE(read_challenge_answer(base::to_text(row.at("answer")), Compare::required));
  });
  support::for_each_of_kind(file, "accepted", "challenge_answer", [](const object& row) {
    const auto challenge =
        read_challenge_answer(base::to_text(row.at("answer")), Compare::required);
    ASSERT_EQ(told(challenge), "ok");
    EXPECT_TRUE(challenge->committed);
    EXPECT_EQ(challenge->nonce, text_of(row.at("answer").as_object(), "nonce"));
  });
}

TEST(ChallengeAnswers, WithoutWordsOnlyWhenTheUserSaysSo) {
  const std::string nonce(64, 'a');
  const std::string plain = R"({"nonce":")" + nonce + R"("})";
  EXPECT_EQ(code_of(read_challenge_answer(plain, Compare::required)), "host_cannot_compare");
  EXPECT_FALSE(read_challenge_answer(plain, Compare::waived).value().committed);
  const std::string kept = R"({"commit":true,"nonce":")" + nonce + R"("})";
  EXPECT_TRUE(read_challenge_answer(kept, Compare::waived).value().committed);
  for (const std::string& body :
       {std::string(), std::string("[]"), std::string("{}"), R"({"nonce":")" + nonce + R"(0"})"}) {
    EXPECT_EQ(code_of(read_challenge_answer(body, Compare::waived)), "host_answer_malformed");
  }
}

TEST(PairBodies, RevealOnlyWhatWasCommittedTo) {
  base::SystemRandom random;
  const Attempt attempt = Attempt::draw(random);
  const auto connector = address("0xe7DDE03d0C5f5DC9aD55280973e1E156eFcb2900");
  const object with = base::parse_json(pair_body(connector, agent_id, {"n", true}, attempt, "s"))
                          .value()
                          .as_object();
  EXPECT_EQ(text_of(with, "encPub"), attempt.enc_pub);
  EXPECT_EQ(text_of(with, "reveal"), base::base64url(attempt.reveal));
  EXPECT_EQ(text_of(with, "connectorAddress"), connector.text());
  const object without =
      base::parse_json(pair_body(connector, agent_id, {"n", false}, attempt, "s"))
          .value()
          .as_object();
  EXPECT_FALSE(without.contains("reveal"));
}

TEST(Attempts, AreDrawnAnew) {
  base::SystemRandom random;
  const Attempt one = Attempt::draw(random);
  const Attempt two = Attempt::draw(random);
  EXPECT_NE(one.enc_pub, two.enc_pub);
  EXPECT_NE(one.reveal, two.reveal);
}

/// An answer with a key for the agent of the vectors, sealed to `own`.
struct Answer {
  Answer() {
    base::SystemRandom random;
    attempt = Attempt::draw(random);
    expected.agent = address(agent_address);
    expected.nonce = std::string(64, 'a');
    expected.enc_pub = attempt.enc_pub;
    seal(access_key_of(agent_key_hex, now).reveal());
    members["agentAddress"] = agent_address;
    members["apiKey"] = "";
    prove(Answered::pair);
  }
  void seal(std::string_view key) {
    base::SystemRandom random;
    const auto sealed = seal_key(key, crypto::x25519_public_key(attempt.key), expected.agent,
                                 expected.nonce, random);
    members["sealedApiKey"] = object{{"enc", sealed->enc}, {"ct", sealed->ct}};
  }
  void prove(Answered answered) {
    expected.answered = answered;
    members["serverSignature"] =
        signed_text(support::secret_of(agent_key_hex), identity::Prefix::pairing_server,
                    server_text(answered, expected.agent, expected.nonce, expected.enc_pub));
  }
  [[nodiscard]] std::string read() const {
    return code_of(read_key_answer(base::to_text(members), expected, attempt.key));
  }

  Attempt attempt;
  Expected expected;
  object members;
};

/// Answers of the vectors, which say nothing of the key: sealed to another key than ours, so that a
/// proof that is good leads to host_key_refused and any other to host_not_proven.
void check_answers_of_the_vectors(std::string_view kind, Answered answered) {
  const object file = support::known_answers("pairing.json");
  const auto read = [&](const object& row) {
    Answer answer;
    answer.expected.answered = answered;
    answer.expected.nonce = text_of(row, "nonce");
    if (row.contains("enc_pub")) answer.expected.enc_pub = text_of(row, "enc_pub");
    answer.members["serverSignature"] = row.at("server_signature");
    answer.members["agentAddress"] = row.at("agent_address");
    return answer.read();
  };
  support::for_each_of_kind(file, "must_fail", kind,
                            [&](const object& row) { EXPECT_EQ(read(row), "host_not_proven"); });
  support::for_each_of_kind(file, "accepted", kind,
                            [&](const object& row) { EXPECT_EQ(read(row), "host_key_refused"); });
}

TEST(KeyAnswers, OfTheVectors) {
  check_answers_of_the_vectors("pair_answer", Answered::pair);
  check_answers_of_the_vectors("invite_answer", Answered::invite);
  check_answers_of_the_vectors("redeem_answer", Answered::redeem);
}

TEST(KeyAnswers, AreTakenWhenEverythingFits) {
  for (const Answered answered : {Answered::pair, Answered::invite, Answered::redeem}) {
    Answer answer;
    answer.prove(answered);
    const auto received =
        read_key_answer(base::to_text(answer.members), answer.expected, answer.attempt.key);
    ASSERT_EQ(told(received), "ok");
    EXPECT_EQ(received->key.reveal(), access_key_of(agent_key_hex, now).reveal());
    EXPECT_EQ(received->expires_at, now + 100);
    EXPECT_EQ(received->audience, address(agent_address));
    EXPECT_TRUE(received->proven);
  }
}

TEST(KeyAnswers, ComeFromThePinnedAddressOnly) {
  Answer answer;
  answer.members["agentAddress"] = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
  EXPECT_EQ(answer.read(), "host_not_proven");
  answer.members["agentAddress"] = "x";
  EXPECT_EQ(answer.read(), "host_not_proven");
  answer.members.erase("agentAddress");
  EXPECT_EQ(answer.read(), "host_answer_malformed");
  answer.members["agentAddress"] = address(agent_address).lower();
  EXPECT_EQ(answer.read(), "ok");
}

TEST(KeyAnswers, ShowTheWordsThatWereShownHere) {
  Answer answer;
  answer.expected.sas = "math-present-catch";
  EXPECT_EQ(answer.read(), "pairing_words_differ");
  answer.members["sas"] = "math-present-cattle";
  EXPECT_EQ(answer.read(), "pairing_words_differ");
  answer.members["sas"] = "math-present-catch";
  EXPECT_EQ(answer.read(), "ok");
}

TEST(KeyAnswers, AKeyInClearIsRefused) {
  Answer answer;
  answer.members["apiKey"] = access_key_of(agent_key_hex, now).reveal();
  EXPECT_EQ(answer.read(), "host_key_refused");
  answer.members.erase("apiKey");
  EXPECT_EQ(answer.read(), "ok");
  answer.members.erase("sealedApiKey");
  EXPECT_EQ(answer.read(), "host_key_refused");
  answer.members["sealedApiKey"] = "x";
  EXPECT_EQ(answer.read(), "host_answer_malformed");
}

TEST(KeyAnswers, TheKeyInsideIsOneOfThisAgent) {
  Answer answer;
  answer.seal(access_key_of(master_key_hex, now).reveal());
  EXPECT_EQ(answer.read(), "host_key_refused");
  const std::string good(access_key_of(agent_key_hex, now).reveal());
  for (const std::string& key : {std::string(), std::string("osk-v1.x.y"), good.substr(1),
                                 good + "0", std::string(64, 'a')}) {
    answer.seal(key);
    EXPECT_EQ(answer.read(), "host_key_refused") << key;
  }
  answer.seal(good);
  EXPECT_EQ(answer.read(), "ok");
}

TEST(KeyAnswers, WithoutAProofOnlyWhereTheUserConsented) {
  Answer answer;
  answer.members.erase("serverSignature");
  for (const Answered answered : {Answered::pair, Answered::invite, Answered::redeem}) {
    answer.expected.answered = answered;
    answer.expected.unsigned_answer = Unsigned::refused;
    EXPECT_EQ(answer.read(), "host_not_proven");
    answer.expected.unsigned_answer = Unsigned::accepted;
    EXPECT_EQ(answer.read(), answered == Answered::pair ? "host_not_proven" : "ok");
  }
  EXPECT_FALSE(read_key_answer(base::to_text(answer.members), answer.expected, answer.attempt.key)
                   .value()
                   .proven);
  // A wrong proof is worse than none.
  answer.members["serverSignature"] = "0x00";
  EXPECT_EQ(answer.read(), "host_not_proven");
}

class InviteChecks : public testing::Test {
 protected:
  object file_ = support::known_answers("pairing.json");
  const object& row_ = file_.at("invites").at(0).as_object();
  std::string link_ = text_of(row_, "deep_link");
  std::int64_t end_ = row_.at("payload").at("exp").as_int64();
};

TEST_F(InviteChecks, AreMadeBeforeAnythingIsPosted) {
  const auto checked = check_invite("  " + link_ + "\n", end_ - 1);
  ASSERT_EQ(told(checked), "ok");
  EXPECT_EQ(checked->agent, address(agent_address));
  EXPECT_TRUE(checked->verified);
  EXPECT_FALSE(needs_consent(*checked));
  EXPECT_EQ(checked->invite.url, "https://kronborg.example");
  EXPECT_EQ(code_of(check_invite(link_, end_)), "invite_expired");
  EXPECT_EQ(code_of(check_invite("https://kronborg.example", 0)), "invite_link_malformed");
}

TEST_F(InviteChecks, TheBodyIsThePayloadAndTheKey) {
  const auto checked = check_invite(link_, 0).value();
  object expected = row_.at("payload").as_object();
  expected["encPub"] = "key";
  EXPECT_EQ(redeem_body(checked, "key"), base::sorted_json(expected));
}

TEST_F(InviteChecks, WithoutSig2NameTextAndUrlAreUnverified) {
  Invite invite = parse_invite_link(link_).value();
  invite.members.erase("sig2");
  invite.members["name"] = "Another name";
  const auto checked = check_invite(invite_link(invite), 0);
  ASSERT_EQ(told(checked), "ok");
  EXPECT_FALSE(checked->verified);
  EXPECT_TRUE(needs_consent(*checked));
  EXPECT_EQ(unsigned_answers(*checked, Unsigned::accepted), Unsigned::accepted);
  EXPECT_EQ(unsigned_answers(*checked, Unsigned::refused), Unsigned::refused);
  // With sig2 the proof is required without exception.
  EXPECT_EQ(unsigned_answers(check_invite(link_, 0).value(), Unsigned::accepted),
            Unsigned::refused);
}

TEST_F(InviteChecks, AChangedInviteIsRefused) {
  Invite invite = parse_invite_link(link_).value();
  invite.members["url"] = "https://evil.example";
  EXPECT_EQ(code_of(check_invite(invite_link(invite), 0)), "invite_signature_invalid");
}

TEST(OwnerBodies, HaveTheMembersOfTheirSteps) {
  const auto agent = address(agent_address);
  EXPECT_EQ(owner_challenge_body(agent, {.id = "mac-1", .name = ""}),
            R"({"owner_redeem":{"agent_address":"0x331565e19602986634610f4b33ff7ad182860036",)"
            R"("device_id":"mac-1","v":1}})");
  EXPECT_EQ(owner_redeem_body(agent, {.id = "mac-1", .name = "Mac"}, "n", "e", "s"),
            R"({"owner_redeem":{"agent_address":"0x331565e19602986634610f4b33ff7ad182860036",)"
            R"("device_id":"mac-1","device_name":"Mac","encPub":"e","nonce":"n","v":1,)"
            R"("wallet_signature":"s"}})");
  const std::string nonce(43, 'A');
  EXPECT_EQ(
      read_owner_challenge(R"({"owner_challenge":{"expires_in":120,"nonce":")" + nonce + R"("}})")
          .value(),
      nonce);
  for (const char* const body :
       {"", "{}", R"({"owner_challenge":{}})", R"({"owner_challenge":{"nonce":"AAAA"}})"}) {
    EXPECT_EQ(code_of(read_owner_challenge(body)), "host_answer_malformed") << body;
  }
}

}  // namespace
}  // namespace kronborg::pairing

#include "pairing/fixture_test.h"
#include "pairing/prompt.h"
#include "pairing/words.h"

namespace kronborg::pairing {
namespace {

/// The challenge of a row was asked for as the row says.
base::Result<JudgedPair> judge_row(const object& row) {
  authority::SetClock clock;
  support::GivenRandom random(base::Bytes(32, 0xA1));
  Challenges challenges(clock, random);
  std::optional<Commitment> commitment;
  if (row.contains("commit")) commitment = read_32_bytes(text_of(row, "commit")).value();
  challenges.draw("192.0.2.7", commitment);
  // The rows say nothing of the agent.
  object request = row.at("request").as_object();
  request["agentId"] = agent_id;
  return judge_pair(base::to_text(request), challenges);
}

TEST(JudgePair, WhatMustFailFailsWithItsRow) {
  const object file = support::known_answers("pairing.json");
  support::for_each_of_kind(file, "must_fail", "pair", [](const object& row) {
    EXPECT_EQ(told(judge_row(row)), expected_of(row));
  });
}

TEST(JudgePair, WhatIsAcceptedHasTheWordsOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  support::for_each_of_kind(file, "accepted", "pair", [](const object& row) {
    const auto pair = judge_row(row);
    ASSERT_EQ(told(pair), "ok");
    EXPECT_EQ(pair->committed, !row.at("sas").is_null());
    if (!pair->committed) return;
    EXPECT_EQ(short_words({.nonce = pair->nonce,
                           .connector = pair->connector,
                           .agent = address(text_of(row, "agent_address")),
                           .enc_pub = pair->enc_pub}),
              text_of(row, "sas"));
  });
}

TEST(ReadCommit, WhatMustFailAndWhatIsAccepted) {
  const object file = support::known_answers("pairing.json");
  const auto query_of = [](const object& row) {
    std::string query;
    for (const auto& member : row.at("request").as_object()) {
      query += std::string(member.key()) + "=" + std::string(member.value().as_string());
    }
    return query;
  };
  support::for_each_of_kind(file, "must_fail", "challenge", [&](const object& row) {
    EXPECT_EQ(told(read_commit(query_of(row))), expected_of(row));
  });
  support::for_each_of_kind(file, "accepted", "challenge", [&](const object& row) {
    const auto commitment = read_commit(query_of(row));
    ASSERT_EQ(told(commitment), "ok");
    EXPECT_EQ(commitment->has_value(), row.at("committed").as_bool());
  });
  const std::string good = text_of(file.at("commitments").at(0).as_object(), "commit");
  EXPECT_EQ(told(read_commit("commit=" + good + "&commit=" + good)),
            "400 pairing_malformed Invalid pairing request");
  EXPECT_EQ(told(read_commit("commit")), "400 pairing_malformed Invalid pairing request");
  EXPECT_TRUE(read_commit("x=1&commit=" + good + "&y").value());
  EXPECT_FALSE(read_commit("Commit=x&xcommit=y").value());
}

TEST(JudgePair, MembersAndTypes) {
  authority::SetClock clock;
  base::SystemRandom random;
  Challenges challenges(clock, random);
  const object good{
      {"connectorAddress", "x"}, {"agentId", agent_id}, {"nonce", "n"}, {"signature", "s"}};
  EXPECT_EQ(code_of(judge_pair(base::to_text(good), challenges)), "pairing_signature_invalid");
  for (const char* const name : {"connectorAddress", "agentId", "nonce", "signature"}) {
    object less = good;
    less.erase(name);
    EXPECT_EQ(code_of(judge_pair(base::to_text(less), challenges)), "pairing_malformed") << name;
    less[name] = 1;
    EXPECT_EQ(code_of(judge_pair(base::to_text(less), challenges)), "pairing_malformed") << name;
  }
  for (const char* const name : {"encPub", "reveal"}) {
    object more = good;
    more[name] = 1;
    EXPECT_EQ(code_of(judge_pair(base::to_text(more), challenges)), "pairing_malformed") << name;
    more[name] = nullptr;
    EXPECT_EQ(code_of(judge_pair(base::to_text(more), challenges)), "pairing_signature_invalid");
  }
  for (const char* const body : {"", "[]", "null", R"({"nonce":"a","nonce":"b"})"}) {
    EXPECT_EQ(code_of(judge_pair(body, challenges)), "pairing_malformed") << body;
  }
}

}  // namespace
}  // namespace kronborg::pairing

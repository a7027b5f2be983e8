#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "authority/fixture_test.h"

namespace kronborg::authority {
namespace {

using HooksTest = AuthorityTest;

const NewKey wanted{.label = "paired", .agent_id = {}, .source = "pairing"};

TEST_F(HooksTest, WhatJoinsAMintSeesTheKeyInItsTransaction) {
  std::string seen;
  std::int64_t rows = -1;
  const auto minted =
      keys->mint(owner(), wanted,
                 [&](sql::Transaction& transaction, const KeyRecord& record) -> base::Result<void> {
                   seen = record.id;
                   TRY(const auto answer,
                       transaction("SELECT COUNT(*) FROM access_keys WHERE id = $1", record.id));
                   rows = answer.rows.at(0).integer(0);
                   return {};
                 });
  ASSERT_EQ(code_of(minted), "ok");
  EXPECT_EQ(seen, minted->record.id);
  EXPECT_EQ(rows, 1);
  EXPECT_EQ(ask(*minted), "valid");
}

TEST_F(HooksTest, AnErrorOfWhatJoinsUndoesTheMint) {
  const auto rows_before = place->signals().audit.load();
  EXPECT_EQ(code_of(keys->mint(owner(), wanted,
                               [](sql::Transaction&, const KeyRecord&) -> base::Result<void> {
                                 return base::Code::invite_used;
                               })),
            "invite_used");
  EXPECT_TRUE(keys->list({.all = true, .agent_id = {}, .q = {}}, {}).value().items.empty());
  EXPECT_EQ(place->signals().audit.load(), rows_before);
  EXPECT_EQ(ask(mint()), "valid");
}

TEST_F(HooksTest, AnAgentsEndIsToldWithinAndAfterItsTransaction) {
  std::vector<std::string> retired;
  int changes = 0;
  bool refuses = false;
  Agents agents(place->parts(),
                {.retired = [&](sql::Transaction&, const AgentRecord& agent) -> base::Result<void> {
                   if (refuses) return base::Code::store_unavailable;
                   retired.push_back(agent.address.text());
                   return {};
                 },
                 .changed = [&] { ++changes; }});
  const auto made =
      agents.create(owner(), {.name = "Writer", .description = {}, .upstream = {}}).value();
  EXPECT_EQ(changes, 1);
  ASSERT_EQ(code_of(agents.update(owner(), made.id,
                                  {.name = {}, .description = {}, .upstream = {}, .shared = true})),
            "ok");
  EXPECT_EQ(changes, 2);

  refuses = true;
  EXPECT_EQ(code_of(agents.rotate(owner(), made.id)), "store_unavailable");
  EXPECT_EQ(agents.find(made.id).value().address, made.address);
  EXPECT_EQ(changes, 2);
  refuses = false;

  const auto rotated = agents.rotate(owner(), made.id).value().agent;
  ASSERT_EQ(code_of(agents.remove(owner(), made.id)), "ok");
  EXPECT_EQ(retired, (std::vector{made.address.text(), rotated.address.text()}));
  EXPECT_EQ(changes, 4);
}

}  // namespace
}  // namespace kronborg::authority

#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string_view>

#include "model/history.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace kronborg::model {
namespace {

/// KRONBORG_SEED repeats a history.
std::uint32_t chosen_seed() {
  std::uint32_t seed = std::random_device{}();
  if (const char* given = std::getenv("KRONBORG_SEED")) {
    const std::string_view text(given);
    std::from_chars(text.data(), text.data() + text.size(), seed);
  }
  std::cout << "seed " << seed << '\n';
  return seed;
}

/// The answers that the history came by, and how often.
std::map<std::string, int> run(const std::string& url, int steps) {
  const std::uint32_t seed = chosen_seed();
  SCOPED_TRACE("KRONBORG_SEED=" + std::to_string(seed));
  const support::TemporaryFolder folder;
  History history(folder.path(), url, seed);
  history.run(steps);
  return history.answers();
}

TEST(Model, EveryDecisionIsThatOfTheContractOnSqlite) {
  const auto answers = run("", 2000);
  if (HasFailure()) return;
  // A history this long comes by every one of them, or it proves less than it says.
  for (const char* answer : {"valid", "audience_mismatch", "issuer_not_whitelisted",
                             "issuer_not_allowed", "key_revoked", "key_expired"}) {
    EXPECT_TRUE(answers.contains(answer)) << answer;
  }
}

TEST(Model, EveryDecisionIsThatOfTheContractOnPostgres) {
  support::PostgresServer server;
  EXPECT_TRUE(run(server.new_database(), 400).contains("valid"));
}

}  // namespace
}  // namespace kronborg::model

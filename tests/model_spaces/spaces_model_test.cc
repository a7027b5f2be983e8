#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string_view>

#include "model_spaces/spaces_history.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace kronborg::model_spaces {
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

std::map<std::string, int> run(const std::string& url, int steps) {
  const std::uint32_t seed = chosen_seed();
  SCOPED_TRACE("KRONBORG_SEED=" + std::to_string(seed));
  const support::TemporaryFolder folder;
  History history(folder.path(), url, seed);
  history.run(steps);
  for (const auto& [answer, count] : history.answers()) {
    std::cout << answer << ' ' << count << '\n';
  }
  return history.answers();
}

TEST(SpacesModel, EveryAnswerIsThatOfTheContractOnSqlite) {
  const auto answers = run("", 3000);
  if (HasFailure()) return;
  // A history this long comes by every one of them, or it proves less than it says.
  for (const char* answer :
       {"create ok", "join ok", "poll ok", "kick ok", "write ok", "lock ok", "lock artifact_locked",
        "write artifact_locked", "write lock_lost", "write revision_conflict", "send muted",
        "send key_revoked", "dead key_expired", "dead key_revoked", "dead space_closed"}) {
    EXPECT_TRUE(answers.contains(answer)) << answer;
  }
}

TEST(SpacesModel, EveryAnswerIsThatOfTheContractOnPostgres) {
  support::PostgresServer server;
  EXPECT_TRUE(run(server.new_database(), 400).contains("send ok"));
}

}  // namespace
}  // namespace kronborg::model_spaces

#include "api/join_guard.h"

#include <gtest/gtest.h>

namespace kronborg::api {
namespace {

TEST(JoinGuard, TwentyWrongTokensCloseTheIdForTenMinutes) {
  JoinGuard guard;
  for (int i = 0; i < 19; ++i) guard.wrong("a", 1'000);
  EXPECT_FALSE(guard.closed_for("a", 1'000));
  guard.wrong("a", 5'000);
  EXPECT_EQ(guard.closed_for("a", 5'000), 600);
  EXPECT_EQ(guard.closed_for("a", 604'001), 1);
  EXPECT_FALSE(guard.closed_for("b", 5'000));
  EXPECT_FALSE(guard.closed_for("a", 605'000));
  guard.wrong("a", 605'000);  // counted anew
  EXPECT_FALSE(guard.closed_for("a", 605'000));
}

TEST(JoinGuard, OldGuessesAreForgotten) {
  JoinGuard guard;
  for (int i = 0; i < 19; ++i) guard.wrong("a", 1'000);
  guard.wrong("a", 601'000);
  EXPECT_FALSE(guard.closed_for("a", 601'000));
}

}  // namespace
}  // namespace kronborg::api

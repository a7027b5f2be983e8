#include "app/channel_host.h"

#include <gtest/gtest.h>

namespace kronborg::app {
namespace {

TEST(SealedRoom, HoldsSoMuchAtATime) {
  SealedRoom room;
  constexpr std::size_t half = SealedRoom::most_bytes / 2;
  auto first = room.take(half);
  ASSERT_TRUE(first);
  {
    const auto second = room.take(half);
    EXPECT_TRUE(second);
    EXPECT_FALSE(room.take(100'000));
    EXPECT_TRUE(room.take(1000)) << "small ones always find room";
    EXPECT_FALSE(room.take(100'000)) << "and take none";
  }
  EXPECT_TRUE(room.take(half));
  first.reset();
  const auto all = room.take(SealedRoom::most_bytes);
  EXPECT_TRUE(all);
}

TEST(RefusedCall, IsInClearAndNamesItsType) {
  const auto answer = refused_call(base::Code::secure_replay);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.body,
            R"({"error":{"code":"secure_replay","message":"Replayed secure call rejected",)"
            R"("type":"secure_channel_error"}})");
}

}  // namespace
}  // namespace kronborg::app

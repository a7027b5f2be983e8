#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace kronborg::base {
namespace {

class AllOnes final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, 0xFF); }
};

TEST(Uuid, VersionAndVariantAreSet) {
  AllOnes random;
  EXPECT_EQ(uuid4(random), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(Uuid, AreDifferent) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = uuid4(random);
    EXPECT_TRUE(is_uuid(id)) << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Uuid, Form) {
  EXPECT_TRUE(is_uuid("55A8b013-ee85-4c5e-ade9-7c26b30cc741"));
  for (const std::string_view text :
       {"", "55a8b013ee854c5eade97c26b30cc741", "55a8b013-ee85-4c5e-ade9-7c26b30cc74",
        "55a8b013-ee85-4c5e-ade9-7c26b30cc7411", "55a8b013-ee85-4c5e-ade9_7c26b30cc741",
        "0xa8b013-ee85-4c5e-ade9-7c26b30cc741", "g5a8b013-ee85-4c5e-ade9-7c26b30cc741",
        "55a8b01-3ee85-4c5e-ade9-7c26b30cc741"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

TEST(SystemRandom, FillsEveryByteOfLargeBuffers) {
  SystemRandom random;
  std::vector<std::uint8_t> bytes(100'000);
  random.fill(bytes);
  // Each value is expected 390 times; none at all means that a part was left out.
  std::array<int, 256> counts{};
  for (const std::uint8_t byte : bytes) ++counts[byte];
  EXPECT_GT(*std::ranges::min_element(counts), 200);
  EXPECT_LT(*std::ranges::max_element(counts), 600);
  random.fill({});
}

}  // namespace
}  // namespace kronborg::base

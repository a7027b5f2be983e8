#include "base/secret.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"

namespace kronborg::base {
namespace {

static_assert(!std::is_copy_constructible_v<Secret<32>>);
static_assert(!std::is_copy_assignable_v<SecretText>);

TEST(Wipe, LeavesZeros) {
  std::array<char, 5> bytes{'a', 'b', 'c', 'd', 'e'};
  wipe(bytes.data() + 1, 3);
  EXPECT_EQ(bytes, (std::array<char, 5>{'a', 0, 0, 0, 'e'}));
  wipe(nullptr, 0);
}

TEST(ConstantTimeCompare, AgreesWithEquality) {
  const std::vector<std::uint8_t> a{1, 2, 3};
  for (std::size_t place = 0; place < a.size(); ++place) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto b = a;
      b[place] = static_cast<std::uint8_t>(b[place] ^ 1U << bit);
      EXPECT_FALSE(equal_in_constant_time(a, b));
    }
  }
  EXPECT_TRUE(equal_in_constant_time(a, std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_FALSE(equal_in_constant_time(a, std::vector<std::uint8_t>{1, 2}));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

TEST(Secret, MovesAndLeavesNothing) {
  constexpr std::array<std::uint8_t, 4> bytes{1, 2, 3, 4};
  Secret<4> first{std::span<const std::uint8_t, 4>(bytes)};
  const Secret<4> copy = first.duplicate();
  const Secret<4> second = std::move(first);
  EXPECT_TRUE(second == copy);
  EXPECT_TRUE(first == Secret<4>());  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST(Secret, IsWipedAtTheEnd) {
  alignas(Secret<4>) std::array<std::uint8_t, sizeof(Secret<4>)> memory{};
  constexpr std::array<std::uint8_t, 4> bytes{1, 2, 3, 4};
  auto* secret = new (memory.data()) Secret<4>{std::span<const std::uint8_t, 4>(bytes)};
  EXPECT_EQ(memory[2], 3);
  secret->~Secret();
  for (const std::uint8_t byte : memory) EXPECT_EQ(byte, 0);
}

TEST(SecretText, OwnsAnExactCopy) {
  std::string source = "correct horse";
  const SecretText text(source);
  source.assign(source.size(), 'x');
  EXPECT_EQ(text.reveal(), "correct horse");
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(text.duplicate().reveal(), text.reveal());
}

TEST(SecretText, MovesAndLeavesNothing) {
  SecretText first("one");
  SecretText second("other");
  second = std::move(first);
  EXPECT_EQ(second.reveal(), "one");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  const SecretText third(std::move(second));
  EXPECT_EQ(third.reveal(), "one");
  EXPECT_TRUE(SecretText().empty());
  EXPECT_TRUE(SecretText("").empty());
}

}  // namespace
}  // namespace kronborg::base

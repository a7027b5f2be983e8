#include "authority/revocation_set.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "authority/siphash.h"
#include "base/encoding.h"

namespace kronborg::authority {
namespace {

std::string digest_text(std::size_t length) {
  std::vector<std::uint8_t> bytes(length);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const SipDigest digest =
      siphash128({0x0706050403020100, 0x0f0e0d0c0b0a0908}, {bytes.data(), bytes.size()});
  std::array<std::uint8_t, 16> out{};
  std::memcpy(out.data(), &digest.low, 8);
  std::memcpy(out.data() + 8, &digest.high, 8);
  return base::hex(out);
}

// Key 00..0f, message 00, 00 01, …: the first two are of the reference implementation's
// vectors_sip128, all were made with libsodium's crypto_shorthash_siphashx24.
TEST(SipHash, AgreesWithLibsodium) {
  EXPECT_EQ(digest_text(0), "a3817f04ba25a8e66df67214c7550293");
  EXPECT_EQ(digest_text(1), "da87c1d86b99af44347659119b22fc45");
  EXPECT_EQ(digest_text(8), "3b62a9ba6258f5610f83e264f31497b4");
  EXPECT_EQ(digest_text(15), "5493e99933b0a8117e08ec0f97cfc3d9");
  EXPECT_EQ(digest_text(52), "2c97325cbd06b36eb2133dd08b3a017c");
  EXPECT_EQ(digest_text(63), "5150d1772f50834a503e069a973fbd7c");
}

identity::Address address(std::uint8_t number) {
  std::array<std::uint8_t, 20> bytes{};
  bytes.back() = number;
  return identity::Address(bytes);
}

TEST(RevocationSet, AgreesWithASortedSet) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  RevocationSet set;
  std::set<std::pair<identity::Address, std::string>> model;
  const auto draw = [&] {
    return std::pair(address(static_cast<std::uint8_t>(below(3))), std::to_string(below(4000)));
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<RevocationSet::Entry> batch;
    for (unsigned i = below(40); i > 0; --i) {
      const auto pair = draw();
      batch.push_back(set.entry(pair.first, pair.second));
      model.insert(pair);
    }
    const RevocationSet before = set;
    const std::size_t size_before = before.size();
    set.add(batch);
    ASSERT_EQ(set.size(), model.size());
    // A copy is not touched by what the other learns.
    ASSERT_EQ(before.size(), size_before);
    for (int i = 0; i < 50; ++i) {
      const auto pair = draw();
      ASSERT_EQ(set.contains(pair.first, pair.second), model.contains(pair));
    }
  }
  for (const auto& [issuer, nonce] : model) ASSERT_TRUE(set.contains(issuer, nonce));
}

TEST(RevocationSet, TellsIssuerAndNonceApart) {
  RevocationSet set;
  EXPECT_FALSE(set.contains(address(1), "a"));
  const auto entry = set.entry(address(1), "a");
  set.add({&entry, 1});
  EXPECT_TRUE(set.contains(address(1), "a"));
  EXPECT_FALSE(set.contains(address(2), "a"));
  EXPECT_FALSE(set.contains(address(1), "A"));
  EXPECT_FALSE(set.contains(address(1), ""));
  EXPECT_FALSE(set.contains(address(1), std::string_view("a\0", 2)));
}

TEST(RevocationSet, EverySetHasItsOwnKey) {
  EXPECT_NE(RevocationSet().entry(address(1), "a"), RevocationSet().entry(address(1), "a"));
  const RevocationSet one;
  const RevocationSet copy = one;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(one.entry(address(1), "a"), copy.entry(address(1), "a"));
}

TEST(RevocationSet, HoldsManyAddedOneByOne) {
  RevocationSet set;
  constexpr int count = 20'000;
  for (int i = 0; i < count; ++i) {
    const auto entry = set.entry(address(1), std::to_string(i));
    set.add({&entry, 1});
  }
  EXPECT_EQ(set.size(), std::size_t{count});
  for (int i = 0; i < count; ++i) ASSERT_TRUE(set.contains(address(1), std::to_string(i)));
  for (int i = count; i < 2 * count; ++i) ASSERT_FALSE(set.contains(address(1), std::to_string(i)));
}

}  // namespace
}  // namespace kronborg::authority

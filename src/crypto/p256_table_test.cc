#include "crypto/p256_table.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "crypto/p256_scalar.h"

namespace kronborg::crypto {
namespace {

constexpr std::string_view order =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

std::array<std::uint8_t, 32> bytes32(std::string_view hex) {
  std::array<std::uint8_t, 32> bytes{};
  EXPECT_TRUE(base::hex_strict_into(hex, bytes)) << hex;
  return bytes;
}

/// number · inverse modulo n, by the library.
std::string product(std::span<const std::uint8_t, 32> number) {
  const auto inverse = p256_inverse(number);
  const auto n = bytes32(order);
  BN_CTX* const context = BN_CTX_new();
  BIGNUM* const a = BN_bin2bn(number.data(), 32, nullptr);
  BIGNUM* const b = BN_bin2bn(inverse.data(), 32, nullptr);
  BIGNUM* const m = BN_bin2bn(n.data(), 32, nullptr);
  BN_mod_mul(a, a, b, m, context);
  const bool reduced = BN_cmp(b, m) < 0;
  const std::string result = BN_is_one(a) == 1 && reduced ? "one" : "another number";
  for (BIGNUM* number_of_library : {a, b, m}) BN_free(number_of_library);
  BN_CTX_free(context);
  return result;
}

TEST(P256Scalar, TimesItsInverseIsOne) {
  for (int bit = 0; bit < 256; ++bit) {
    std::array<std::uint8_t, 32> number{};
    number[31 - static_cast<std::size_t>(bit) / 8] = static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(product(number), "one") << bit;
    number[31] |= 1;
    EXPECT_EQ(product(number), "one") << bit;
  }
  for (int below = 1; below < 0x51; ++below) {
    auto number = bytes32(order);
    number[31] = static_cast<std::uint8_t>(number[31] - below);
    EXPECT_EQ(product(number), "one") << below;
  }
  auto number = sha256(base::bytes_of("seed"));
  for (int i = 0; i < 20'000; ++i) {
    number = sha256(number);
    if (base::hex(number) < order) ASSERT_EQ(product(number), "one") << base::hex(number);
  }
}

struct Pair {
  explicit Pair(const P256PublicKey& key)
      : verifier(P256Verifier::of(key).value()), table(P256Table::of(verifier)) {}
  /// What both say; they must agree.
  [[nodiscard]] bool verifies(std::span<const std::uint8_t, 32> digest,
                              base::BytesView signature) const {
    const bool slow = verifier.verifies(digest, signature);
    EXPECT_EQ(table->verifies(digest, signature), slow) << base::hex(signature);
    return slow;
  }
  P256Verifier verifier;
  std::unique_ptr<const P256Table> table;
};

base::Bytes joined(std::string_view r, std::string_view s) {
  return base::hex_strict(std::string(r) + std::string(s)).value();
}

TEST(P256Table, AgreesWithTheLibraryOnRandomSignatures) {
  base::SystemRandom random;
  for (int keys = 0; keys < 3; ++keys) {
    const auto key = new_p256_key(random);
    const Pair pair(p256_public_key(key).value());
    EXPECT_EQ(pair.table->key(), pair.verifier.key());
    auto digest = sha256(base::bytes_of("digest"));
    for (int i = 0; i < 300; ++i) {
      digest = sha256(digest);
      auto signature = p256_sign(key, digest).value();
      EXPECT_TRUE(pair.verifies(digest, signature));
      signature[static_cast<std::size_t>(i) % 64] ^= static_cast<std::uint8_t>(1 << i % 8);
      EXPECT_FALSE(pair.verifies(digest, signature));
    }
  }
}

TEST(P256Table, AgreesOnNumbersAtTheEdges) {
  base::SystemRandom random;
  const auto key = new_p256_key(random);
  const Pair pair(p256_public_key(key).value());
  const std::string zero(64, '0');
  std::string one = zero;
  one.back() = '1';
  std::string last(order);
  last.back() = '0';
  std::string above(order);
  above.back() = '2';
  const std::string most(64, 'f');
  for (const std::string& digest : {zero, one, std::string(order), most}) {
    const auto good = p256_sign(key, bytes32(digest)).value();
    EXPECT_TRUE(pair.verifies(bytes32(digest), good)) << digest;
    const std::string r = base::hex(base::BytesView(good).first(32));
    const std::string s = base::hex(base::BytesView(good).last(32));
    for (const std::string& edge : {zero, one, last, std::string(order), above, most}) {
      EXPECT_FALSE(pair.verifies(bytes32(digest), joined(edge, s)));
      EXPECT_FALSE(pair.verifies(bytes32(digest), joined(r, edge)));
      for (const std::string& other : {zero, one, last, std::string(order), above, most}) {
        EXPECT_FALSE(pair.verifies(bytes32(digest), joined(edge, other)));
      }
    }
  }
  EXPECT_FALSE(pair.verifies(bytes32(one), base::Bytes(63)));
  EXPECT_FALSE(pair.verifies(bytes32(one), base::Bytes(65)));
  EXPECT_FALSE(pair.verifies(bytes32(one), {}));
}

// Wycheproof, ecdsa_secp256r1_sha256_test.json, "k*G has a large x-coordinate": x = r + n; and the
// same with r = p - 3, "r too large".
TEST(P256Table, AgreesWhereXIsAboveTheOrder) {
  P256PublicKey key{};
  ASSERT_TRUE(
      base::hex_strict_into("040ad99500288d466940031d72a9f5445a4d43784640855bf0a69874d2de5fe103"
                            "c5011e6ef2c42dcd50d5d3d29f99ae6eba2c80c9244f4c5422f0979ff0c3ba5e",
                            key));
  const Pair pair(key);
  const auto digest = sha256(base::bytes_of("123400"));
  const std::string s = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254e";
  EXPECT_TRUE(pair.verifies(
      digest, joined("000000000000000000000000000000004319055358e8617b0c46353d039cdaab", s)));
  EXPECT_FALSE(pair.verifies(
      digest, joined("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc", s)));
}

// The two points of the sum are the same, or cancel each other: the key is ±G, u1 = ±u2.
TEST(P256Table, AgreesWhereTheSumDoublesOrVanishes) {
  base::Secret<32> one;
  one.fill().back() = 1;
  const Pair generator(p256_public_key(one).value());
  base::Secret<32> minus_one;
  std::string last(order);
  last.back() = '0';
  ASSERT_TRUE(base::hex_strict_into(last, minus_one.fill()));
  const Pair negative(p256_public_key(minus_one).value());
  // r = z makes u1 = u2 for any s.
  const std::string number = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
  for (const std::string& s : {number, last, std::string(63, '0') + "7"}) {
    EXPECT_FALSE(generator.verifies(bytes32(number), joined(number, s)));
    EXPECT_FALSE(negative.verifies(bytes32(number), joined(number, s)));
  }
  // With s = 2z the doubled point is G itself, whose x is this number.
  const std::string twice = "d62fa3e5c258848ff179cdcac74881e4ee06fb025bd66741e942728bb131852c";
  EXPECT_TRUE(generator.verifies(bytes32(number), joined(number, twice)));
}

TEST(P256Table, IsSharedByThreads) {
  base::SystemRandom random;
  const auto key = new_p256_key(random);
  const Pair pair(p256_public_key(key).value());
  const auto digest = sha256(base::bytes_of("x"));
  const auto signature = p256_sign(key, digest).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        EXPECT_TRUE(pair.table->verifies(digest, signature));
        EXPECT_FALSE(pair.table->verifies(sha256(digest), signature));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace kronborg::crypto

#include "crypto/secp256k1.h"

#include <gtest/gtest.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/random.h"
#include "crypto/hash.h"

namespace kronborg::crypto {
namespace {

using Number = std::array<std::uint8_t, 32>;

Number number(std::string_view hex) {
  Number out{};
  EXPECT_TRUE(base::hex_strict_into(hex, out)) << hex;
  return out;
}

const Number zero{};
const Number order = number("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const Number half = number("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
const Number all_ones = number("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
/// p - n: from here on r + n is not below p.
const Number p_minus_n = number("000000000000000000000000000000014551231950b75fc4402da1722fc9baee");
const Number generator_x =
    number("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");

Number one_more(Number a) {
  for (std::size_t i = a.size(); i-- > 0;) {
    if (++a[i] != 0) break;
  }
  return a;
}

Number one() { return one_more(zero); }

/// a - b, for a >= b.
Number minus(const Number& a, const Number& b) {
  Number out{};
  int borrow = 0;
  for (std::size_t i = out.size(); i-- > 0;) {
    const int difference = a[i] - b[i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    out[i] = static_cast<std::uint8_t>(difference);
  }
  return out;
}

Signature signature_of(const Number& r, const Number& s, int v) {
  Signature signature{};
  std::ranges::copy(r, signature.begin());
  std::ranges::copy(s, signature.begin() + 32);
  signature[64] = static_cast<std::uint8_t>(v);
  return signature;
}

Number r_of(const Signature& signature) {
  Number r{};
  std::ranges::copy_n(signature.begin(), 32, r.begin());
  return r;
}

Number s_of(const Signature& signature) {
  Number s{};
  std::ranges::copy_n(signature.begin() + 32, 32, s.begin());
  return s;
}

PrivateKey key_of(const Number& n) { return PrivateKey(std::span<const std::uint8_t, 32>(n)); }

Digest digest_of(std::string_view text) { return sha256(base::bytes_of(text)); }

TEST(PrivateKeys, RangeIsOneToOrderMinusOne) {
  EXPECT_FALSE(is_private_key(zero));
  EXPECT_TRUE(is_private_key(one()));
  EXPECT_TRUE(is_private_key(minus(order, one())));
  EXPECT_FALSE(is_private_key(order));
  EXPECT_FALSE(is_private_key(one_more(order)));
  EXPECT_FALSE(is_private_key(all_ones));
}

TEST(PublicKeys, OfOneIsTheGenerator) {
  // SEC 2 section 2.4.1.
  EXPECT_EQ(base::hex(public_key(key_of(one()))),
            "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
            "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
}

// The RFC 6979 value for this curve that Bitcoin implementations share.
TEST(Sign, DeterministicNonce) {
  const Signature signature = sign_recoverable(key_of(one()), digest_of("Satoshi Nakamoto"));
  EXPECT_EQ(base::hex(base::BytesView(signature).first(64)),
            "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
            "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
}

TEST(Recover, FindsTheSignerOfRandomKeys) {
  base::SystemRandom random;
  for (int i = 0; i < 200; ++i) {
    Number bytes{};
    Digest digest{};
    random.fill(bytes);
    random.fill(digest);
    if (!is_private_key(bytes)) continue;
    const PrivateKey key = key_of(bytes);
    const Signature signature = sign_recoverable(key, digest);
    EXPECT_EQ(recover(signature, digest), public_key(key));
    EXPECT_LE(s_of(signature), half);
  }
}

TEST(Recover, OnlyOneVNamesTheSignerAndOnlyFourAreRead) {
  base::SystemRandom random;
  const PrivateKey key = key_of(one());
  const PublicKey signer = public_key(key);
  for (int round = 0; round < 100; ++round) {
    Digest digest{};
    random.fill(digest);
    Signature signature = sign_recoverable(key, digest);
    const std::uint8_t made = signature[64];
    for (int v = 0; v < 256; ++v) {
      signature[64] = static_cast<std::uint8_t>(v);
      const auto found = recover(signature, digest);
      if (v == made) {
        EXPECT_EQ(found, signer);
      } else {
        EXPECT_NE(found, signer) << v;
      }
      if (v < 27 || v > 30) EXPECT_FALSE(found) << v;
    }
  }
}

TEST(Recover, TheHighTwinIsRefused) {
  const PrivateKey key = key_of(generator_x);
  for (int i = 0; i < 100; ++i) {
    const Digest digest = digest_of(std::to_string(i));
    const Signature signature = sign_recoverable(key, digest);
    const int other = signature[64] == 27 ? 28 : 27;
    EXPECT_FALSE(
        recover(signature_of(r_of(signature), minus(order, s_of(signature)), other), digest));
  }
}

TEST(Recover, EdgesOfRAndS) {
  const Digest digest = digest_of("edges");
  const Signature good = sign_recoverable(key_of(generator_x), digest);
  for (int v = 27; v <= 30; ++v) {
    for (const Number& r : {zero, order, one_more(order), all_ones}) {
      EXPECT_FALSE(recover(signature_of(r, s_of(good), v), digest)) << base::hex(r) << " " << v;
    }
    for (const Number& s : {zero, one_more(half), order, one_more(order), all_ones}) {
      EXPECT_FALSE(recover(signature_of(r_of(good), s, v), digest)) << base::hex(s) << " " << v;
    }
  }
  EXPECT_TRUE(recover(signature_of(r_of(good), half, good[64]), digest));
  EXPECT_TRUE(recover(signature_of(r_of(good), one(), good[64]), digest));
}

TEST(Recover, XPlusOrderStaysBelowTheFieldPrime) {
  const Digest digest = digest_of("second half");
  for (const Number& r : {p_minus_n, one_more(p_minus_n), generator_x, minus(order, one())}) {
    EXPECT_FALSE(recover(signature_of(r, one(), 29), digest)) << base::hex(r);
    EXPECT_FALSE(recover(signature_of(r, one(), 30), digest)) << base::hex(r);
  }
}

TEST(Recover, ThePointAtInfinityIsNoKey) {
  // R = G, s = 1 and digest 1 give (sR - zG)/r = 0; with the other parity the sum is -2G/r.
  const Digest digest = one();
  EXPECT_FALSE(recover(signature_of(generator_x, one(), 27), digest));
  EXPECT_TRUE(recover(signature_of(generator_x, one(), 28), digest));
}

TEST(Recover, NoSixtyFiveBytesAbort) {
  base::SystemRandom random;
  for (int i = 0; i < 5000; ++i) {
    Signature signature{};
    Digest digest{};
    random.fill(signature);
    random.fill(digest);
    if (i % 2 == 0) signature[64] = static_cast<std::uint8_t>(27 + i / 2 % 4);
    if (const auto key = recover(signature, digest)) EXPECT_EQ((*key)[0], 0x04);
  }
}

TEST(Recover, FromManyThreads) {
  const Digest digest = digest_of("threads");
  const PrivateKey key = key_of(one());
  const Signature signature = sign_recoverable(key, digest);
  const PublicKey signer = public_key(key);
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) EXPECT_EQ(recover(signature, digest), signer);
    });
  }
}

// The trap that the range check of v and the callback avoid is real: the library stops the process.
TEST(RecoverDeathTest, TheStockCallbackAborts) {
  const std::array<std::uint8_t, 64> bytes{};
  secp256k1_ecdsa_recoverable_signature parsed;
  EXPECT_DEATH(static_cast<void>(secp256k1_ecdsa_recoverable_signature_parse_compact(
                   secp256k1_context_static, &parsed, bytes.data(), 4)),
               "illegal argument");
}

}  // namespace
}  // namespace kronborg::crypto

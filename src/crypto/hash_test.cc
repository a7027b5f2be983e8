#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/encoding.h"

namespace kronborg::crypto {
namespace {

using base::bytes_of;

std::string sha256_hex(std::string_view text) { return base::hex(sha256(bytes_of(text))); }

std::string hmac512_hex(std::string_view key, std::initializer_list<base::BytesView> parts) {
  return base::hex(hmac_sha512(bytes_of(key), parts).reveal());
}

// FIPS 180-2 appendix B.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, ThreadsDoNotMix) {
  std::vector<std::jthread> threads;
  for (char c = 'a'; c < 'e'; ++c) {
    threads.emplace_back([c] {
      const std::string text(1000, c);
      const std::string expected = sha256_hex(text);
      for (int i = 0; i < 500; ++i) EXPECT_EQ(sha256_hex(text), expected);
    });
  }
}

struct HmacCase {
  std::string key;
  std::string message;
  std::string_view sha256;
  std::string_view sha512;
};

// RFC 4231 sections 4.2, 4.3 and 4.7.
TEST(Hmac, Rfc4231) {
  const HmacCase cases[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
       "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
       "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
       "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
       "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
       "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
       "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"}};
  for (const HmacCase& c : cases) {
    EXPECT_EQ(base::hex(hmac_sha256(bytes_of(c.key), bytes_of(c.message))), c.sha256);
    EXPECT_EQ(hmac512_hex(c.key, {bytes_of(c.message)}), c.sha512);
    const std::string_view message = c.message;
    EXPECT_EQ(hmac512_hex(c.key, {bytes_of(message.substr(0, 3)), bytes_of(message.substr(3))}),
              c.sha512);
  }
}

TEST(Hmac, AnEmptyKeyIsAKey) {
  // The well-known HMAC-SHA256 of nothing under nothing.
  EXPECT_EQ(base::hex(hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

}  // namespace
}  // namespace kronborg::crypto

#include "identity/derivation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "identity/address.h"

namespace kronborg::identity {
namespace {

crypto::PrivateKey alice() {
  crypto::PrivateKey key;
  EXPECT_TRUE(base::hex_strict_into(
      "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", key.fill()));
  return key;
}

std::string address_text(const std::optional<crypto::PrivateKey>& key) {
  return key ? address_of(*key).text() : "none";
}

// Two rows of testdata/vectors/agent_keys.json; the vectors test runs them all.
TEST(Derivation, AgentKeys) {
  const auto first = derive_agent_key(alice(), {.scope = "", .index = 0});
  ASSERT_TRUE(first);
  EXPECT_EQ(base::hex(first->reveal()),
            "c2ddba76f071d8115d12d4a8e4d9df7c460aa6ae4f4a59b6c9d1f740a88146f9");
  EXPECT_EQ(address_text(first), "0x331565e19602986634610f4B33Ff7ad182860036");
  EXPECT_EQ(address_text(derive_agent_key(alice(), {.scope = "a1b2c3d4", .index = 0})),
            "0xa382B00Ee4F5eEc0F1063c61A1F4e5b905849141");
}

TEST(Derivation, PurposesScopesAndIndicesDiffer) {
  std::set<std::string> seen;
  for (const std::string_view scope : {"", "a1b2c3d4", "a1b2c3d5"}) {
    for (const std::uint32_t index : {0U, 1U, 255U, 256U, 0xFFFFFFFFU}) {
      seen.insert(address_text(derive_agent_key(alice(), {std::string(scope), index})));
    }
    seen.insert(address_text(derive_connect_key(alice(), scope)));
  }
  seen.insert(address_text(derive_pairing_key(alice())));
  seen.insert(address_of(alice()).text());
  EXPECT_EQ(seen.size(), 3U * 6U + 2U);
}

/// Answers 32 zero bytes, then the order of the curve, then something usable.
class Scripted final : public base::Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    static constexpr std::uint8_t script[] = {0x00, 0xFF, 0x21};
    std::ranges::fill(out, script[call_++]);
  }

 private:
  std::size_t call_ = 0;
};

TEST(Derivation, MasterKeysAreDrawnUntilTheyFit) {
  Scripted random;
  const crypto::PrivateKey key = new_master_key(random);
  EXPECT_EQ(base::hex(key.reveal()),
            "2121212121212121212121212121212121212121212121212121212121212121");
}

// Rows of `device_ids` in testdata/vectors/devices.json.
TEST(DeviceId, OfAKeyId) {
  EXPECT_EQ(device_id_of_key_id("abc"), "ba7816bf");
  EXPECT_EQ(device_id_of_key_id("YmbJO4x5nEHUvncp9zdWuVZjNBEMgJn3cdSToAXQe3M="), "4b9ab496");
  EXPECT_EQ(device_id_of_key_id(""), "e3b0c442");
}

TEST(DeviceId, OfAPublicKey) {
  // The generator of P-256; openssl dgst and base64 on its 65 bytes give this.
  const auto bytes = *base::hex_strict(
      "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c"
      "0f9e162bce33576b315ececbb6406837bf51f5");
  crypto::P256PublicKey key{};
  std::ranges::copy(bytes, key.begin());
  EXPECT_EQ(device_key_id(key), "aYvqY9xEo0RmP/FCmuoQhC3ye2uZHvJYZrLGwCzcxb4=");
  EXPECT_EQ(device_id_of(key), "9374854d");
}

}  // namespace
}  // namespace kronborg::identity

#include "identity/address.h"

#include <gtest/gtest.h>

#include <map>
#include <unordered_set>

#include "base/encoding.h"
#include "base/text.h"

namespace kronborg::identity {
namespace {

// EIP-55, "Test Cases".
constexpr std::string_view eip55[] = {
    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"};

TEST(Address, CasingOfTheStandard) {
  for (const std::string_view text : eip55) {
    const auto address = Address::parse(base::lower(text));
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
    EXPECT_EQ(address->lower(), base::lower(text));
  }
}

TEST(Address, CasingNeverMatters) {
  const std::string_view text = eip55[4];
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  EXPECT_EQ(Address::parse(upper), Address::parse(text));
  EXPECT_EQ(Address::parse("0X" + upper.substr(2)), Address::parse(text));
}

TEST(Address, RefusesEveryOtherForm) {
  const std::string good(eip55[4]);
  for (const std::string& text :
       {std::string(), good.substr(2), good.substr(0, 41), good + "0", " " + good.substr(0, 41),
        "1x" + good.substr(2), good.substr(0, 41) + "g", good.substr(0, 41) + " ",
        "0x0x" + good.substr(4)}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    std::string text = good;
    text[20] = c;
    EXPECT_EQ(Address::parse(text).has_value(), digit) << byte;
  }
}

TEST(Address, OfPrivateKeys) {
  // Well-known development account number 0 of the Ethereum tool chains.
  const auto bytes =
      *base::hex_strict("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
  const crypto::PrivateKey key(std::span<const std::uint8_t, 32>(bytes.data(), 32));
  EXPECT_EQ(address_of(key).text(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
}

TEST(Address, IsAKeyOfTables) {
  std::map<Address, int> sorted;
  std::unordered_set<Address, Address::Hash> hashed;
  for (const std::string_view text : eip55) {
    sorted.emplace(*Address::parse(text), 0);
    hashed.insert(*Address::parse(text));
    hashed.insert(*Address::parse(base::lower(text)));
  }
  EXPECT_EQ(sorted.size(), std::size(eip55));
  EXPECT_EQ(hashed.size(), std::size(eip55));
  EXPECT_EQ(sorted.begin()->first.text(), eip55[3]);
}

}  // namespace
}  // namespace kronborg::identity

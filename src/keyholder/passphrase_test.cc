#include "keyholder/passphrase.h"

#include <gtest/gtest.h>

#include <string>

namespace kronborg::keyholder {
namespace {

std::string accepted(std::string_view typed) {
  const auto passphrase = new_passphrase(typed);
  return passphrase ? std::string(passphrase->reveal()) : "refused";
}

// UAX #15, figure 4 and the Hangul composition of its section on Hangul syllables.
TEST(Passphrase, IsBroughtIntoTheComposedForm) {
  EXPECT_EQ(normalised_passphrase("e\u0301").reveal(), "\u00e9");
  EXPECT_EQ(normalised_passphrase("\u00e9").reveal(), "\u00e9");
  EXPECT_EQ(normalised_passphrase("\u212b").reveal(), "\u00c5");
  EXPECT_EQ(normalised_passphrase("\u1112\u1161\u11ab").reveal(), "\ud55c");
  EXPECT_EQ(normalised_passphrase("s\u0323\u0307").reveal(), "\u1e69");
  EXPECT_EQ(normalised_passphrase("\ufb01").reveal(), "\ufb01") << "NFC, not NFKC";
  EXPECT_EQ(normalised_passphrase("").reveal(), "");
  EXPECT_EQ(normalised_passphrase("\xff plain").reveal(), "\xff plain");
}

TEST(Passphrase, HasEightCharactersNotBytes) {
  EXPECT_EQ(accepted("12345678"), "12345678");
  EXPECT_EQ(accepted("1234567"), "refused");
  EXPECT_EQ(accepted(""), "refused");
  EXPECT_EQ(accepted("\u00e9\u00e9\u00e9\u00e9"), "refused") << "8 bytes, 4 characters";
  EXPECT_EQ(accepted("1234567e\u0301"), "1234567\u00e9");
  EXPECT_EQ(accepted("123456e\u0301"), "refused") << "8 typed, 7 composed";
  EXPECT_EQ(accepted("\U0001f511\U0001f511\U0001f511\U0001f511\U0001f511\U0001f511\U0001f511x"),
            "\U0001f511\U0001f511\U0001f511\U0001f511\U0001f511\U0001f511\U0001f511x");
  EXPECT_EQ(accepted("12345678\xff"), "refused");
}

}  // namespace
}  // namespace kronborg::keyholder

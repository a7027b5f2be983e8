#include "identity/mnemonic.h"

#include <gtest/gtest.h>

#include <string>

#include "base/encoding.h"
#include "base/random.h"
#include "identity/derivation.h"

namespace kronborg::identity {
namespace {

crypto::PrivateKey key_of(std::string_view hex) {
  crypto::PrivateKey key;
  EXPECT_TRUE(base::hex_strict_into(hex, key.fill())) << hex;
  return key;
}

base::Code code_of(std::string_view text) {
  const auto key = key_of_words(text);
  EXPECT_FALSE(key.has_value()) << text;
  return key ? base::Code::internal_error : key.error().code;
}

struct Known {
  std::string_view entropy;
  std::string_view words;
};

// The 256-bit rows of the BIP-39 test vectors (trezor/python-mnemonic vectors.json).
constexpr Known bip39[] = {
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank year wave sausage "
     "worth useful legal winner thank year wave sausage worth title"},
    {"8080808080808080808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount "
     "doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless"},
    {"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
     "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy "
     "gospel tennis maple dilemma loan word shrug inflict delay length"},
    {"f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
     "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing "
     "screen patrol group space point ten exist slush involve unfold"}};

TEST(Mnemonic, VectorsOfTheStandard) {
  for (const Known& known : bip39) {
    EXPECT_EQ(words_of(key_of(known.entropy)).reveal(), known.words);
    const auto key = key_of_words(known.words);
    ASSERT_TRUE(key) << known.words;
    EXPECT_EQ(base::hex(key->reveal()), known.entropy);
  }
}

// Two more rows of the standard: correct words whose 32 bytes are outside 1..n-1.
TEST(Mnemonic, WordsThatAreNoKey) {
  std::string zeros;
  std::string ones;
  for (int i = 0; i < 23; ++i) {
    zeros += "abandon ";
    ones += "zoo ";
  }
  EXPECT_EQ(code_of(zeros + "art"), base::Code::not_a_key);
  EXPECT_EQ(code_of(ones + "vote"), base::Code::not_a_key);
}

TEST(Mnemonic, RandomKeysComeBack) {
  base::SystemRandom random;
  for (int i = 0; i < 300; ++i) {
    const crypto::PrivateKey key = new_master_key(random);
    const auto again = key_of_words(words_of(key).reveal());
    ASSERT_TRUE(again);
    EXPECT_TRUE(*again == key);
  }
}

TEST(Mnemonic, UnknownWordsAreNamedWithTheNearest) {
  std::string text(bip39[0].words);
  text.replace(text.find("winner"), 6, "Winmer");
  const auto key = key_of_words(text);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, base::Code::unknown_word);
  EXPECT_EQ(key.error().text(), "\"winmer\" is not a word of the list.");
  EXPECT_EQ(key.error().next_step(), "Did you mean \"winner\"?");
  ASSERT_EQ(key.error().details.size(), 1U);
  EXPECT_EQ(std::get<std::string>(key.error().details[0].value), "winmer");
}

TEST(Mnemonic, ErrorsInTheOrderOfThePage) {
  const std::string good(bip39[0].words);
  EXPECT_EQ(code_of(good + " nonsense"), base::Code::word_count);
  EXPECT_EQ(code_of(good.substr(0, good.rfind(' '))), base::Code::word_count);
  EXPECT_EQ(code_of(good.substr(0, good.rfind(' ')) + " winner"), base::Code::checksum);
  EXPECT_EQ(code_of(good.substr(0, good.rfind(' ')) + " titlex"), base::Code::unknown_word);
  EXPECT_EQ(code_of(good.substr(0, good.rfind(' ')) + " titl"), base::Code::unknown_word);
  EXPECT_EQ(code_of("\xff"), base::Code::word_count);
  EXPECT_EQ(code_of(good.substr(0, good.rfind(' ')) + " \xff\xfe"), base::Code::unknown_word);
}

TEST(Mnemonic, AnyWhiteSpaceSplits) {
  std::string text;
  for (const char c : bip39[1].words) {
    if (c == ' ') {
      text += "\u3000\u00a0\t";
    } else {
      text += c;
    }
  }
  EXPECT_TRUE(key_of_words(text + "\u2029"));
}

}  // namespace
}  // namespace kronborg::identity

#include "pairing/words.h"

#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

TEST(Words, TheListIsThatOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  const auto& list = file.at("word_list").as_array();
  ASSERT_EQ(list.size(), 256U);
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(word(static_cast<std::uint8_t>(i)), std::string_view(list[i].as_string())) << i;
  }
}

TEST(Words, ShortWordsAndAddressWordsOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  int committed = 0;
  support::for_each_row(file, "short_words", [&](const object& row) {
    const auto connector = address(text_of(row, "connector_address"));
    const auto agent = address(text_of(row, "agent_address"));
    EXPECT_EQ(address_words(connector), text_of(row, "connector_words"));
    EXPECT_EQ(address_words(agent), text_of(row, "agent_words"));
    if (row.at("sas").is_null()) return;
    ++committed;
    const std::string nonce = text_of(row, "nonce");
    const std::string enc_pub = text_of(row, "enc_pub");
    EXPECT_EQ(
        short_words({.nonce = nonce, .connector = connector, .agent = agent, .enc_pub = enc_pub}),
        text_of(row, "sas"));
  });
  EXPECT_GE(committed, 2);
}

TEST(Words, NoBytesNoWords) { EXPECT_EQ(words({}), ""); }

}  // namespace
}  // namespace kronborg::pairing

#include "identity/mnemonic.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "identity/address.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {

void check_mnemonic(const json::object& file) {
  for_each_row(file, "cases", [](const json::object& row) {
    const crypto::PrivateKey key = key_of(row, "entropy_hex");
    EXPECT_EQ(identity::words_of(key).reveal(), text_of(row, "words"));
    EXPECT_EQ(identity::address_of(key).text(), text_of(row, "address"));
    const auto read = identity::key_of_words(text_of(row, "words"));
    ASSERT_TRUE(read);
    EXPECT_TRUE(*read == key);
  });
  for_each_row(file, "accepted_spellings", [](const json::object& row) {
    const auto read = identity::key_of_words(text_of(row, "input"));
    ASSERT_TRUE(read);
    EXPECT_EQ(base::hex(read->reveal()), text_of(row, "entropy_hex"));
  });
  for_each_row(file, "invalid", [](const json::object& row) {
    const auto read = identity::key_of_words(text_of(row, "input"));
    ASSERT_FALSE(read);
    EXPECT_EQ(base::facts(read.error().code).name, text_of(row, "error"));
    if (!row.contains("word")) return;
    ASSERT_EQ(read.error().details.size(), 1U);
    EXPECT_EQ(read.error().details[0].name, "word");
    EXPECT_EQ(std::get<std::string>(read.error().details[0].value), text_of(row, "word"));
  });
}

}  // namespace kronborg::vectors

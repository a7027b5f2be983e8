#include <gtest/gtest.h>

#include "base/encoding.h"
#include "identity/address.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {

using identity::Address;

void check_addresses(const json::object& file) {
  for_each_row(file, "keys", [](const json::object& row) {
    const crypto::PrivateKey key = key_of(row, "private_key_hex");
    ASSERT_TRUE(crypto::is_private_key(key.reveal()));
    EXPECT_EQ(base::hex(crypto::public_key(key)), text_of(row, "public_key_hex"));
    EXPECT_EQ(identity::address_of(key).text(), text_of(row, "address"));
  });
  for_each_row(file, "checksums", [](const json::object& row) {
    const auto address = Address::parse("0x" + text_of(row, "input"));
    ASSERT_TRUE(address);
    EXPECT_EQ(address->text(), text_of(row, "address"));
  });
  for_each_row(file, "equal_addresses", [](const json::object& row) {
    const auto a = Address::parse(text_of(row, "a"));
    const auto b = Address::parse(text_of(row, "b"));
    EXPECT_EQ(a && b && *a == *b, row.at("equal").as_bool());
  });
  ASSERT_FALSE(file.at("invalid_private_keys").as_array().empty());
  for (const auto& text : file.at("invalid_private_keys").as_array()) {
    base::Secret<32> bytes;
    ASSERT_TRUE(base::hex_strict_into(text.as_string(), bytes.fill()));
    EXPECT_FALSE(crypto::is_private_key(bytes.reveal())) << text;
  }
}

}  // namespace kronborg::vectors

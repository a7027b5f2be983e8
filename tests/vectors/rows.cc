#include "vectors/rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"

namespace kronborg::vectors {

void for_each_row(const json::object& file, std::string_view name,
                  const std::function<void(const json::object&)>& check) {
  const auto* member = file.if_contains(name);
  const auto* rows = member == nullptr ? nullptr : member->if_array();
  ASSERT_TRUE(rows != nullptr && !rows->empty()) << "no rows in " << name;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const json::object& row = rows->at(i).as_object();
    const auto* title = row.if_contains("name");
    SCOPED_TRACE(std::string(name) + "[" + std::to_string(i) + "]" +
                 (title == nullptr ? "" : " " + base::to_text(*title)));
    check(row);
  }
}

std::string text_of(const json::object& row, std::string_view name) {
  const auto* member = row.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  EXPECT_NE(text, nullptr) << "no text in " << name;
  return text == nullptr ? std::string() : std::string(*text);
}

base::Bytes bytes_of(const json::object& row, std::string_view name) {
  auto bytes = base::hex_strict(text_of(row, name));
  EXPECT_TRUE(bytes) << name << " is not hexadecimal";
  return bytes ? *std::move(bytes) : base::Bytes();
}

crypto::PrivateKey key_of(const json::object& row, std::string_view name) {
  crypto::PrivateKey key;
  EXPECT_TRUE(base::hex_strict_into(text_of(row, name), key.fill())) << name;
  return key;
}

}  // namespace kronborg::vectors

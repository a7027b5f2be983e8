#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random.h"
#include "base/secret.h"

namespace kronborg::support {

namespace json = base::json;

/// The object in testdata/vectors/`file`, or in that file of the folder named by KRONBORG_VECTORS.
inline json::object known_answers(std::string_view file) {
  const char* const given = std::getenv("KRONBORG_VECTORS");
  const std::string folder = given != nullptr ? given : KRONBORG_SOURCE_DIR "/testdata/vectors";
  std::ifstream stream(folder + "/" + std::string(file), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  auto value = base::parse_json(text, {.depth = 32, .members = 10'000, .items = 10'000});
  EXPECT_TRUE(value && value->is_object()) << file;
  return value && value->is_object() ? std::move(value->get_object()) : json::object();
}

/// Calls `check` for each object of the array `name`, with a trace of array and row for failures.
/// A missing or empty array is a failure: a file that says nothing must not pass.
inline void for_each_row(const json::object& file, std::string_view name,
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

/// The same for the rows of one `kind`.
inline void for_each_of_kind(const json::object& file, std::string_view name, std::string_view kind,
                             const std::function<void(const json::object&)>& check) {
  int seen = 0;
  for_each_row(file, name, [&](const json::object& row) {
    if (row.at("kind").as_string() != kind) return;
    ++seen;
    check(row);
  });
  EXPECT_GT(seen, 0) << "no rows of kind " << kind;
}

/// The text member `name`; a failure and an empty text when there is none.
inline std::string text_of(const json::object& row, std::string_view name) {
  const auto* member = row.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  EXPECT_NE(text, nullptr) << "no text in " << name;
  return text == nullptr ? std::string() : std::string(*text);
}

/// The bytes of a member in hexadecimal digits.
inline base::Bytes bytes_of(const json::object& row, std::string_view name) {
  auto bytes = base::hex_strict(text_of(row, name));
  EXPECT_TRUE(bytes) << name << " is not hexadecimal";
  return bytes ? *std::move(bytes) : base::Bytes();
}

template <std::size_t N>
std::array<std::uint8_t, N> array_of(std::string_view hex) {
  std::array<std::uint8_t, N> out{};
  EXPECT_TRUE(base::hex_strict_into(hex, out)) << hex;
  return out;
}

inline base::Secret<32> secret_of(std::string_view hex) {
  base::Secret<32> secret;
  EXPECT_TRUE(base::hex_strict_into(hex, secret.fill())) << hex;
  return secret;
}

/// Gives the bytes it was told, in that order; a failure and zeros when they are used up.
class GivenRandom final : public base::Random {
 public:
  GivenRandom() = default;
  explicit GivenRandom(base::BytesView bytes) { give(bytes); }

  void give(base::BytesView bytes) {
    const std::lock_guard lock(mutex_);
    left_.insert(left_.end(), bytes.begin(), bytes.end());
  }
  void fill(std::span<std::uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    EXPECT_GE(left_.size(), out.size()) << "more randomness was drawn than given";
    for (std::uint8_t& byte : out) {
      byte = left_.empty() ? std::uint8_t{0} : left_.front();
      if (!left_.empty()) left_.pop_front();
    }
  }
  [[nodiscard]] std::size_t left() const {
    const std::lock_guard lock(mutex_);
    return left_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::uint8_t> left_;
};

}  // namespace kronborg::support

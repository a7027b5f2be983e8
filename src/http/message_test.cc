#include "http/message.h"

#include <gtest/gtest.h>

#include "http/event_loop.h"
#include "http/input_buffer.h"

namespace kronborg::http {
namespace {

std::optional<std::string> bearer_of(std::string_view field) {
  RequestHead head;
  head.secrets[static_cast<std::size_t>(SecretField::authorization)] = SecretView(field);
  const auto found = bearer(head);
  return found ? std::optional<std::string>(found->reveal()) : std::nullopt;
}

TEST(Bearer, TakesTheSchemeWithoutCaseAndOneSpace) {
  EXPECT_EQ(bearer_of("Bearer abc"), "abc");
  EXPECT_EQ(bearer_of("bEARER abc"), "abc");
  EXPECT_EQ(bearer_of("Bearer  abc"), " abc");
  EXPECT_EQ(bearer_of("Bearer a b"), "a b");
  EXPECT_EQ(bearer_of("Bearer\tabc"), std::nullopt);
  EXPECT_EQ(bearer_of("Bearerabc"), std::nullopt);
  EXPECT_EQ(bearer_of("Basic abc"), std::nullopt);
  EXPECT_EQ(bearer_of("abc"), std::nullopt);
  EXPECT_EQ(bearer_of(""), std::nullopt);
  EXPECT_FALSE(bearer(RequestHead{}));
}

TEST(ReasonPhrase, KnowsWhatTheSpecificationUses) {
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(421), "Misdirected Request");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(504), "Gateway Timeout");
  EXPECT_EQ(reason_phrase(299), "");
}

TEST(DateLine, IsAnImfFixdate) {
  // The example of RFC 9110 section 5.6.7.
  EXPECT_EQ(date_line(784111777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

void write(InputBuffer& buffer, std::string_view text, std::size_t smallest, std::size_t largest) {
  while (!text.empty()) {
    const auto room = buffer.room(smallest, largest);
    ASSERT_FALSE(room.empty());
    const auto count = std::min(room.size(), text.size());
    std::copy_n(text.begin(), count, room.begin());
    buffer.filled(count);
    text.remove_prefix(count);
  }
}

TEST(InputBuffer, GrowsToItsLimitAndKeepsTheBytes) {
  InputBuffer buffer;
  const std::string text = "0123456789abcdef0123456789ABCDEF";
  write(buffer, text, 4, 32);
  EXPECT_EQ(buffer.unread(), text);
  EXPECT_EQ(buffer.capacity(), 32U);
  EXPECT_TRUE(buffer.room(4, 32).empty());
  buffer.consume(20);
  EXPECT_EQ(buffer.unread(), text.substr(20));
  EXPECT_EQ(buffer.room(4, 32).size(), 20U);
  EXPECT_EQ(buffer.unread(), text.substr(20));
}

TEST(InputBuffer, WipesAPartInPlace) {
  InputBuffer buffer;
  write(buffer, "X: secret\r\n", 16, 16);
  const auto all = buffer.unread();
  buffer.consume(all.size());
  buffer.wipe(all.substr(3, 6));
  EXPECT_EQ(all, std::string_view("X: \0\0\0\0\0\0\r\n", 11));
}

TEST(InputBuffer, WipesWhatItMovesAwayFrom) {
  InputBuffer buffer;
  write(buffer, "0123456789abcdef", 16, 16);
  const std::string_view memory(buffer.unread().data(), 16);
  buffer.consume(10);
  (void)buffer.room(16, 16);
  EXPECT_EQ(memory, std::string_view("abcdef\0\0\0\0\0\0\0\0\0\0", 16));
}

}  // namespace
}  // namespace kronborg::http

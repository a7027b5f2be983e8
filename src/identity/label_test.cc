#include "identity/label.h"

#include <gtest/gtest.h>

namespace kronborg::identity {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

TEST(Label, WhiteSpaceIsJoinedAndCut) {
  EXPECT_EQ(normalise_label("  Cursor \t on\n work\u00a0\u3000laptop ").value(),
            "Cursor on work laptop");
  EXPECT_EQ(normalise_label("next\u0085line").value(), "next line");
  EXPECT_EQ(normalise_label(repeated(" ", 200) + "a" + repeated("\u2003", 200)).value(), "a");
}

TEST(Label, EightyScalarsAtMost) {
  for (const std::string_view unit : {"x", "é", "海", "🦕"}) {
    EXPECT_EQ(normalise_label(repeated(unit, 80)).value(), repeated(unit, 80));
    EXPECT_FALSE(normalise_label(repeated(unit, 81)));
  }
  EXPECT_TRUE(normalise_label(repeated("x", 78) + "   y"));
  EXPECT_FALSE(normalise_label(repeated("x", 79) + " y"));
}

TEST(Label, Refused) {
  for (const std::string_view text :
       {"", " \t\n", "bell\a", "del\x7f", "\x1b[31m", "c1\u009b", "rtl\u202eevil", "iso\u2066late",
        "\xff", "a\xc3", "\xed\xa0\x80"}) {
    const auto label = normalise_label(text);
    ASSERT_FALSE(label) << text;
    EXPECT_EQ(label.error().code, base::Code::label_invalid);
  }
  EXPECT_FALSE(normalise_label(std::string_view("a\0b", 3)));
}

TEST(Label, TwiceIsOnce) {
  for (const std::string_view text : {" a  b ", "Paired – 0xf39F…2266", "é\u2009é"}) {
    const std::string once = normalise_label(text).value();
    EXPECT_EQ(normalise_label(once).value(), once);
  }
}

}  // namespace
}  // namespace kronborg::identity

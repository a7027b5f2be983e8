#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace kronborg::base {
namespace {

TEST(Utf8, WellFormed) {
  for (const std::string_view text : {"", "a", "\x7f", "ø", "海", "🦕", "\xef\xbf\xbf",
                                      "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

// Unicode 15 section 3.9, table 3-7: what lies beside the allowed ranges.
TEST(Utf8, IllFormed) {
  for (const std::string_view text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3\x28", "\xe0\x9f\xbf", "\xe6\xb5",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x9f\xa6", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "a\xfe", "\xe6\x28\xb7", "\xf0\x9f\x28\x95"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Utf8, EveryScalarComesBack) {
  for (char32_t scalar = 0; scalar <= 0x10FFFF; ++scalar) {
    if (scalar >= 0xD800 && scalar <= 0xDFFF) continue;
    std::string text;
    append_scalar(text, scalar);
    std::size_t position = 0;
    ASSERT_TRUE(is_utf8(text)) << static_cast<std::uint32_t>(scalar);
    ASSERT_EQ(next_scalar(text, position), scalar);
    ASSERT_EQ(position, text.size());
  }
}

TEST(Utf8, CountsScalars) {
  EXPECT_EQ(scalar_count(""), 0U);
  EXPECT_EQ(scalar_count("aø海🦕"), 4U);
  EXPECT_EQ(first_scalars("aø海🦕", 0), "");
  EXPECT_EQ(first_scalars("aø海🦕", 2), "aø");
  EXPECT_EQ(first_scalars("aø海🦕", 9), "aø海🦕");
}

TEST(WhiteSpace, ExactlyTheListOfTheProtocol) {
  std::size_t found = 0;
  for (char32_t scalar = 0; scalar <= 0x10FFFF; ++scalar) found += is_white_space(scalar) ? 1 : 0;
  EXPECT_EQ(found, 25U);  // 5 + 2000..200A (11) + 9 single ones
  for (const char32_t scalar : {0x09, 0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x200A, 0x3000}) {
    EXPECT_TRUE(is_white_space(scalar)) << static_cast<std::uint32_t>(scalar);
  }
  for (const char32_t scalar : {0x08, 0x0E, 0x1F, 0x180E, 0x200B, 0x2060, 0xFEFF}) {
    EXPECT_FALSE(is_white_space(scalar)) << static_cast<std::uint32_t>(scalar);
  }
}

TEST(Controls, ExactlyTheListOfTheProtocol) {
  std::size_t found = 0;
  for (char32_t scalar = 0; scalar <= 0x10FFFF; ++scalar) {
    found += is_control_or_bidi(scalar) ? 1 : 0;
  }
  EXPECT_EQ(found, 32U + 33U + 5U + 4U);
  EXPECT_TRUE(is_control_or_bidi(0x202E));
  EXPECT_TRUE(is_control_or_bidi(0x2069));
  EXPECT_FALSE(is_control_or_bidi(0x2029));
}

TEST(Lower, AsciiOnly) {
  EXPECT_EQ(lower("AbZ[@`{Ø"), "abz[@`{Ø");
  EXPECT_TRUE(equal_ignoring_case("BeArEr", "bearer"));
  EXPECT_FALSE(equal_ignoring_case("bearer", "bearer "));
  EXPECT_FALSE(equal_ignoring_case("K", "\xe2\x84\xaa"));  // the Kelvin sign
}

TEST(Printable, NothingReachesATerminal) {
  EXPECT_EQ(printable("plain øl"), "plain øl");
  EXPECT_EQ(printable("\x1b[31mred\n"), "\\u{1b}[31mred\\u{a}");
  EXPECT_EQ(printable("rtl\u202eevil"), "rtl\\u{202e}evil");
  EXPECT_EQ(printable("bad\xff\xc3"), "bad\\x{ff}\\x{c3}");
}

TEST(Printable, IsCut) {
  EXPECT_EQ(printable("øøø", 3), "øøø");
  EXPECT_EQ(printable("øøøø", 3), "øøø…");
  EXPECT_EQ(printable("x", 0), "…");
  EXPECT_EQ(printable("", 0), "");
}

TEST(Nearest, WithinTheDistance) {
  constexpr std::array<std::string_view, 4> known{"revoke", "remove", "list", "show"};
  EXPECT_EQ(nearest("revok", known), "revoke");
  EXPECT_EQ(nearest("lsit", known), "list");
  EXPECT_EQ(nearest("remoke", known), "revoke");
  EXPECT_EQ(nearest("inspect", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
}

}  // namespace
}  // namespace kronborg::base

#include "base/encoding.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace kronborg::base {
namespace {

constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

TEST(Hex, WritesAndReadsLowerCase) {
  const Bytes bytes{0x00, 0x0f, 0xa5, 0xff};
  EXPECT_EQ(hex(bytes), "000fa5ff");
  EXPECT_EQ(hex_strict("000fa5ff"), bytes);
  EXPECT_EQ(hex_strict(""), Bytes{});
}

TEST(Hex, StrictRefusesEveryOtherSpelling) {
  for (const std::string_view text : {"F0", "0xf0", "f", "g0", "0g", " f0", "f0 ", "f\n"}) {
    EXPECT_FALSE(hex_strict(text)) << text;
  }
}

TEST(Hex, EachByteIsADigitOrRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    EXPECT_EQ(hex_strict(std::string{'0', c}).has_value(), digit) << byte;
    EXPECT_EQ(hex_strict(std::string{c, '0'}).has_value(), digit) << byte;
    EXPECT_EQ(hex_relaxed(std::string{'1', c}).has_value(), digit || (c >= 'A' && c <= 'F'));
  }
}

TEST(Hex, IntoNeedsTheExactRoom) {
  std::array<std::uint8_t, 2> two{};
  EXPECT_TRUE(hex_strict_into("a1b2", two));
  EXPECT_EQ(two, (std::array<std::uint8_t, 2>{0xa1, 0xb2}));
  EXPECT_FALSE(hex_strict_into("a1", two));
  EXPECT_FALSE(hex_strict_into("a1b2c3", two));
}

TEST(Hex, RelaxedTakesEitherCaseAndOnePrefix) {
  EXPECT_EQ(hex_relaxed("0xDeAd"), (Bytes{0xde, 0xad}));
  EXPECT_EQ(hex_relaxed("DEAD"), (Bytes{0xde, 0xad}));
  EXPECT_EQ(hex_relaxed("0x"), Bytes{});
  EXPECT_FALSE(hex_relaxed("0x0xde"));
  EXPECT_FALSE(hex_relaxed("0xd"));
}

// RFC 4648 section 10.
TEST(Base64, Rfc4648Vectors) {
  const std::array<std::array<std::string_view, 2>, 7> cases{{{"", ""},
                                                              {"f", "Zg=="},
                                                              {"fo", "Zm8="},
                                                              {"foo", "Zm9v"},
                                                              {"foob", "Zm9vYg=="},
                                                              {"fooba", "Zm9vYmE="},
                                                              {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, padded] : cases) {
    EXPECT_EQ(base64(bytes_of(plain)), padded);
    const std::string bare(padded.substr(0, padded.find('=')));
    EXPECT_EQ(base64url(bytes_of(plain)), bare);
    const auto read = base64url_strict(bare);
    ASSERT_TRUE(read) << bare;
    EXPECT_EQ(text_of(*read), plain);
  }
}

TEST(Base64, UrlAlphabet) {
  EXPECT_EQ(base64url(Bytes{0xfb, 0xff}), "-_8");
  EXPECT_EQ(base64(Bytes{0xfb, 0xff}), "+/8=");
  EXPECT_FALSE(base64url_strict("+/8"));
}

TEST(Base64, OneSpellingForEachValue) {
  // All texts of two and three digits: read exactly when writing the value gives the text again.
  std::size_t two = 0;
  std::size_t three = 0;
  for (const char a : url_alphabet) {
    for (const char b : url_alphabet) {
      const std::string text{a, b};
      if (const auto bytes = base64url_strict(text)) {
        EXPECT_EQ(base64url(*bytes), text);
        ++two;
      }
      const std::string longer{'A', a, b};
      if (const auto bytes = base64url_strict(longer)) {
        EXPECT_EQ(base64url(*bytes), longer);
        ++three;
      }
    }
  }
  EXPECT_EQ(two, 256U);
  EXPECT_EQ(three, 1024U);
}

TEST(Base64, EveryForeignByteIsRefusedAtEveryPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool known = byte != 0 && url_alphabet.find(c) != std::string_view::npos;
    for (std::size_t place = 0; place < 4; ++place) {
      std::string text = "AAAA";
      text[place] = c;
      EXPECT_EQ(base64url_strict(text).has_value(), known) << byte << " at " << place;
    }
  }
}

TEST(Base64, NoRoomIsARefusal) {
  std::array<std::uint8_t, 3> room{};
  EXPECT_EQ(base64url_strict_into("AAAA", room), 3U);
  EXPECT_FALSE(base64url_strict_into("AAAAAA", room));
}

TEST(Percent, UnreservedCharactersStay) {
  EXPECT_EQ(percent_encode("a-Z_0.~"), "a-Z_0.~");
  EXPECT_EQ(percent_encode("ø /?"), "%C3%B8%20%2F%3F");
  EXPECT_EQ(percent_decode("%c3%B8%20+"), "ø +");
  for (const std::string_view bad : {"%", "%4", "%4g", "a%", "%0x", "%%41"}) {
    EXPECT_FALSE(percent_decode(bad)) << bad;
  }
}

TEST(Percent, EveryByteComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

}  // namespace
}  // namespace kronborg::base

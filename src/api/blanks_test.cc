#include "api/blanks.h"

#include <gtest/gtest.h>

namespace kronborg::api {
namespace {

Blanks blanks() {
  Blanks filled;
  filled.values = {{"name", "a<b> & c"}, {"url", "https://x/?a=1&b=2"}};
  filled.blocks = {{"list", "- one\n- two\n"}};
  filled.on = {"lit"};
  return filled;
}

TEST(Blanks, ValuesAreFilledInAndEscapedForHtml) {
  EXPECT_EQ(fill("x {{name}} y {{name}}\n", blanks(), TextForm::markdown),
            "x a<b> & c y a<b> & c\n");
  EXPECT_EQ(fill("<p>{{name}}</p>\n", blanks(), TextForm::html), "<p>a&lt;b&gt; &amp; c</p>\n");
  EXPECT_EQ(fill("<a href=\"%7B%7Burl%7D%7D/z\">\n", blanks(), TextForm::html),
            "<a href=\"https://x/?a=1&amp;b=2/z\">\n");
}

TEST(Blanks, WhatIsNotKnownStays) {
  for (const std::string text : {"{{other}} {{name\n", "{\"a\":{\"b\":1}}\n", "}}{{\n", "{{}}\n"}) {
    EXPECT_EQ(fill(text, blanks(), TextForm::markdown), text);
  }
}

TEST(Blanks, PartsAreShownByWhatIsOn) {
  const std::string source =
      "a\n\n{{if lit}}\n\nb\n\n{{end}}\n\n{{if !lit}}\n\nc\n\n{{end}}\n\nd\n";
  EXPECT_EQ(fill(source, blanks(), TextForm::markdown), "a\n\nb\n\nd\n");
  Blanks off = blanks();
  off.on.clear();
  EXPECT_EQ(fill(source, off, TextForm::markdown), "a\n\nc\n\nd\n");
}

TEST(Blanks, PartsStandInEachOther) {
  const std::string source = "{{if lit}}\n{{if dark}}\na\n{{end}}\nb\n{{end}}\nc\n";
  EXPECT_EQ(fill(source, blanks(), TextForm::markdown), "b\nc\n");
  Blanks off = blanks();
  off.on = {"dark"};
  EXPECT_EQ(fill(source, off, TextForm::markdown), "c\n");
}

TEST(Blanks, ParagraphsOfTheirOwnAreMarksInHtml) {
  EXPECT_EQ(
      fill("<p>{{if !lit}}</p>\n<p>a</p>\n<p>{{end}}</p>\n<p>b</p>\n", blanks(), TextForm::html),
      "<p>b</p>\n");
  EXPECT_EQ(fill("<p>{{list}}</p>\n", blanks(), TextForm::html), "- one\n- two\n");
}

}  // namespace
}  // namespace kronborg::api

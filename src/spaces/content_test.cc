#include "spaces/content.h"

#include <gtest/gtest.h>

#include <string>

namespace kronborg::spaces {
namespace {

TEST(ContentTest, TheFourImageTypesWithTheirSignatures) {
  EXPECT_TRUE(is_image_data_url("data:image/png;base64,iVBORw0KGgo="));
  EXPECT_TRUE(is_image_data_url("data:image/jpeg;base64,/9j/4A=="));
  EXPECT_TRUE(is_image_data_url("data:image/gif;base64,R0lGODlh"));
  EXPECT_TRUE(is_image_data_url("data:image/gif;base64,R0lGODdh"));
  EXPECT_TRUE(is_image_data_url("data:image/webp;base64,UklGRiQAAABXRUJQ"));
}

TEST(ContentTest, BytesOfAnotherTypeAreRefused) {
  EXPECT_FALSE(is_image_data_url("data:image/png;base64,/9j/4A=="));
  EXPECT_FALSE(is_image_data_url("data:image/jpeg;base64,iVBORw0KGgo="));
  EXPECT_FALSE(is_image_data_url("data:image/gif;base64,R0lGODph"));           // GIF8:a
  EXPECT_FALSE(is_image_data_url("data:image/webp;base64,UklGRiQAAABXQVZF"));  // a sound file
  EXPECT_FALSE(is_image_data_url("data:image/webp;base64,UklGRiQAAABXRUI="));  // cut off
  EXPECT_FALSE(is_image_data_url("data:image/png;base64,PHN2Zz48L3N2Zz4="));   // <svg></svg>
  EXPECT_FALSE(is_image_data_url("data:image/svg+xml;base64,PHN2Zz48L3N2Zz4="));
  EXPECT_FALSE(is_image_data_url("data:text/html;base64,iVBORw0KGgo="));
}

TEST(ContentTest, OneSpellingOfBase64) {
  for (const auto* url : {
           "data:image/png;base64,",
           "data:image/png;base64,iVBORw0KGgo",       // no padding
           "data:image/png;base64,iVBORw0KGgp=",      // unused bits
           "data:image/jpeg;base64,_9j_4A==",         // the other alphabet
           "data:image/png;base64, iVBORw0KGgo=",     // white space
           "data:image/png;base64,iVBORw0K\nGgo=",    //
           "data:image/png;base64,iVBORw0KGgo=====",  // too much padding
           "data:image/png;base64,iVBORw0KGgo=AAAA",  // padding inside
           "data:image/png,iVBORw0KGgo=",
           "data:image/png;charset=x;base64,iVBORw0KGgo=",
           "DATA:image/png;base64,iVBORw0KGgo=",
           " data:image/png;base64,iVBORw0KGgo=",
           "data:image/png;base64,iVBORw0KGgo=\"><script>",
       }) {
    EXPECT_FALSE(is_image_data_url(url)) << url;
  }
}

TEST(ContentTest, HttpsUrls) {
  for (const auto* url :
       {"https://e.example", "https://e.example/a.png?b=c&d#e", "HTTPS://e.example:8443/",
        "https://[2001:db8::1]/x", "https://e.example/@someone", "https://e.example/a%20b"}) {
    EXPECT_TRUE(is_https_url(url)) << url;
  }
  for (const auto* url :
       {"http://e.example/", "https:/e.example", "https://", "https:///a", "https://:443/",
        "https://user@e.example/", "https://user:secret@e.example/", "https://e.example@evil/",
        "https://e.example\\@evil/", " https://e.example/", "https://e.example/ a",
        "https://e.example/\n", "https://e.example/\"", "https://e.example/<",
        "https://\xC3\xA6.example/", "javascript:alert(1)//https://e.example/", ""}) {
    EXPECT_FALSE(is_https_url(url)) << url;
  }
}

TEST(ContentTest, AUrlHasAtMost2048Characters) {
  const std::string start = "https://e.example/";
  EXPECT_TRUE(is_https_url(start + std::string(2'048 - start.size(), 'a')));
  EXPECT_FALSE(is_https_url(start + std::string(2'049 - start.size(), 'a')));
}

TEST(ContentTest, MailtoUrls) {
  EXPECT_TRUE(is_mailto_url("mailto:a@e.example"));
  EXPECT_TRUE(is_mailto_url("MailTo:a@e.example?subject=b%20c"));
  EXPECT_FALSE(is_mailto_url("mailto:"));
  EXPECT_FALSE(is_mailto_url("mailto:a@e.example\nBcc:b@e.example"));
  EXPECT_FALSE(is_mailto_url("mailtoo:a"));
}

TEST(ContentTest, WhatIsNoImageIsToldWhy) {
  EXPECT_FALSE(image_fault("https://e.example/a.png"));
  EXPECT_FALSE(image_fault("data:image/png;base64,iVBORw0KGgo="));
  EXPECT_TRUE(image_fault("data:image/png;base64,R0lGODlh").value().contains("data URL"));
  EXPECT_TRUE(image_fault("a picture").value().contains("https URL"));
}

}  // namespace
}  // namespace kronborg::spaces

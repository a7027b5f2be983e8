#include "app/log.h"

#include <gtest/gtest.h>

#include <string>

#include "app/metrics.h"

namespace kronborg::app {
namespace {

TEST(ScrubTest, CredentialsKeepFourCharacters) {
  const std::string hex(64, 'a');
  EXPECT_EQ(scrub("key " + hex + " of a space"), "key aaaa... of a space");
  EXPECT_EQ(scrub("token osp_AbC-123_x."), "token osp_...");
  EXPECT_EQ(scrub("(kbm_abcdef)"), "(kbm_...)");
  EXPECT_EQ(scrub("osk-v1.eyJ9.00ff"), "osk-...");
  EXPECT_EQ(scrub("url=/x?key=osk-v1.eyJ9.00ff&y"), "url=/x?key=osk-...&y");
}

TEST(ScrubTest, OrdinaryTextStays) {
  for (const std::string text :
       {"", "listening on 127.0.0.1:1337", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "request e14ecba6-c9ee-4bb0-a4e7-2392f63eecc2 failed", "the kb of the host"}) {
    EXPECT_EQ(scrub(text), text);
  }
}

TEST(LogTest, UnknownFormatsAndLevelsAreRefused) {
  EXPECT_FALSE(Log::open("xml", "info", true));
  EXPECT_FALSE(Log::open("json", "loud", true));
  EXPECT_TRUE(Log::open("json", "info", true));
}

TEST(MetricsTest, WhatWasCountedIsInTheText) {
  Metrics metrics;
  metrics.request(SurfaceKind::gate, "GET", 200, 40);
  metrics.request(SurfaceKind::gate, "GET", 200, 2'000'000);
  metrics.request(SurfaceKind::api, "BREW", 418, 1);
  metrics.auth_failure("key_revoked");
  metrics.add_gauge("kronborg_connections", "Open connections.", [] { return 7.0; });
  const auto text = metrics.text();
  for (const auto* line :
       {R"(kronborg_http_requests_total{surface="gate",method="GET",status="200"} 2)",
        R"(kronborg_http_requests_total{surface="api",method="other",status="418"} 1)",
        R"(kronborg_http_request_seconds_bucket{surface="gate",le="0.0001"} 1)",
        R"(kronborg_http_request_seconds_count{surface="gate"} 2)",
        R"(kronborg_auth_failures_total{code="key_revoked"} 1)", "kronborg_connections 7"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

}  // namespace
}  // namespace kronborg::app

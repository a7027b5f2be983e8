#include "gate/paths.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kronborg::gate {
namespace {

TEST(Paths, LoseOnePrefixOfTheContract) {
  const std::vector<std::pair<std::string, std::string>> rows = {{"/v1/api/chat", "/chat"},
                                                                 {"/v1/api", "/"},
                                                                 {"/api/tags", "/tags"},
                                                                 {"/api", "/"},
                                                                 {"/v1/models", "/models"},
                                                                 {"/v1", "/"},
                                                                 {"/v1/", "/"},
                                                                 {"/v1/v1/models", "/v1/models"},
                                                                 {"/api/v1/keys", "/v1/keys"},
                                                                 {"/v1x/models", "/v1x/models"},
                                                                 {"/apis", "/apis"},
                                                                 {"/V1/models", "/V1/models"},
                                                                 {"/%761/models", "/%761/models"},
                                                                 {"/models/", "/models/"},
                                                                 {"/", "/"}};
  for (const auto& [path, expected] : rows) EXPECT_EQ(normalised(path), expected) << path;
}

TEST(Paths, OpenToAllAreTwoForReadingOnly) {
  for (const char* path :
       {"/", "/health", "/v1/health", "/api/health", "/v1/api/health", "/v1", "/api/"}) {
    EXPECT_TRUE(needs_no_credential("GET", path)) << path;
    EXPECT_TRUE(needs_no_credential("HEAD", path)) << path;
    EXPECT_FALSE(needs_no_credential("POST", path)) << path;
  }
  for (const char* path :
       {"/health/", "/Health", "/%68ealth", "/healthz", "/healthx", "/pair", "/models"}) {
    EXPECT_FALSE(needs_no_credential("GET", path)) << path;
  }
}

TEST(Paths, OfKronborgItself) {
  for (const char* path : {"/oresundspace/space",
                           "/oauth/token",
                           "/api/v1/agents",
                           "/api/v1",
                           "/.well-known/oauth-protected-resource/x",
                           "/.well-known/jwks.json",
                           "/auth.md",
                           "/space/x",
                           "/join/x",
                           "/link",
                           "/enroll",
                           "/healthz",
                           "/readyz",
                           "/metrics",
                           "/gate/verify",
                           "/pair",
                           "/pair/hello",
                           "/v1/pair/confirm",
                           "/api/pair-invite",
                           "/secure/session",
                           "/v1/api/secure/call"}) {
    EXPECT_TRUE(is_own_path(path)) << path;
  }
  for (const char* path :
       {"/", "/v1/models", "/api/tags", "/api/chat", "/mcp", "/linked", "/pairs", "/gateway",
        "/health", "/openapi.json", "/v1/api/v1/x", "/agents/a/pair"}) {
    EXPECT_FALSE(is_own_path(path)) << path;
  }
}

TEST(Paths, NameAnAgentBehindAnyPrefixAndEscape) {
  using Row = std::pair<std::string, std::optional<std::pair<std::string, std::string>>>;
  const std::vector<Row> rows = {
      {"/agents/a/run", {{"a", "/run"}}},
      {"/v1/agents/a/run", {{"a", "/run"}}},
      {"/api/agents/a", {{"a", ""}}},
      {"/v1/api/agents/a/", {{"a", "/"}}},
      {"/agents/the%20painter/v1/x%20y", {{"the painter", "/v1/x%20y"}}},
      {"/%61gents/%61/run", {{"a", "/run"}}},
      {"/%76%31/agents/a/run", {{"a", "/run"}}},
      {"/agents", {}},
      {"/agents/", {}},
      {"/x/agents/a", {}},
      {"/v1/v1/agents/a", {}},
      {"/agentsx/a", {}},
  };
  for (const auto& [path, expected] : rows) {
    const auto named = agent_path(path);
    ASSERT_EQ(named.has_value(), expected.has_value()) << path;
    if (!named) continue;
    EXPECT_EQ(named->agent, expected->first) << path;
    EXPECT_EQ(named->rest, expected->second) << path;
  }
}

TEST(Paths, ThatTwoReadersMayTakeForDifferentOnes) {
  for (const char* path :
       {"",        "x",         "http://h/x", "//x",    "/x//y",  "/./x",  "/x/..",
        "/x/../y", "/%2e%2e/x", "/x/%2E",     "/x%2fy", "/x%5cy", "/x%00", "/x\\y",
        "/x%",     "/x%4",      "/x%zz",      "/x y",   "/x#y",   "/\xff"}) {
    EXPECT_FALSE(is_unambiguous(path)) << path;
  }
  for (const char* path : {"/", "/x", "/x/", "/x%20y", "/...", "/x.y/.z", "/a;b"}) {
    EXPECT_TRUE(is_unambiguous(path)) << path;
  }
}

}  // namespace
}  // namespace kronborg::gate

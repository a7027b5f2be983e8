#include "api/documents.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <regex>
#include <set>

#include "api/fixture_test.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view origin = "https://kronborg.example";
constexpr std::string_view some_id = "ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f";

class DocumentsTest : public ApiTest {};

struct Expected {
  std::string_view type, cache;
};

/// docs/protocol/discovery.md section 1, without what belongs to accounts.
const std::map<std::string, Expected> served_documents = {
    {"/.well-known/oauth-protected-resource", {"application/json", "public, max-age=300"}},
    {"/.well-known/oauth-protected-resource/mcp", {"application/json", "public, max-age=300"}},
    {"/.well-known/oauth-authorization-server", {"application/json", "public, max-age=300"}},
    {"/auth.md", {"text/markdown; charset=utf-8", "public, max-age=300"}},
    {"/llms.txt", {"text/plain; charset=utf-8", "public, max-age=3600"}},
    {"/llms-full.txt", {"text/plain; charset=utf-8", "public, max-age=3600"}},
    {"/openapi.json", {"application/json", "public, max-age=3600"}},
    {"/oresundspace/openapi.json", {"application/json", "public, max-age=3600"}},
    {"/docs/quickstart", {"text/html; charset=utf-8", "public, max-age=3600"}},
    {"/docs/quickstart.md", {"text/markdown; charset=utf-8", "public, max-age=3600"}},
    {"/docs/authentication", {"text/html; charset=utf-8", "public, max-age=3600"}},
    {"/docs/api.md", {"text/markdown; charset=utf-8", "public, max-age=3600"}},
    {"/docs/mcp", {"text/html; charset=utf-8", "public, max-age=3600"}},
    {"/docs/a2a", {"text/html; charset=utf-8", "public, max-age=3600"}},
    {"/docs/errors", {"text/html; charset=utf-8", "public, max-age=3600"}},
    {"/docs/artifacts.md", {"text/markdown; charset=utf-8", "public, max-age=3600"}},
    {"/.well-known/agent-card.json", {"application/json", "public, max-age=3600"}},
    {"/.well-known/agent.json", {"application/json", "public, max-age=3600"}},
    {"/oresundspace/agent-card.json", {"application/json", "public, max-age=3600"}},
    {"/.well-known/mcp", {"application/json", "public, max-age=3600"}},
    {"/.well-known/mcp.json", {"application/json", "public, max-age=3600"}},
    {"/mcp/manifest.json", {"application/json", "public, max-age=3600"}},
    {"/.well-known/mcp/server-card.json", {"application/json", "public, max-age=3600"}},
    {"/mcp/server-card", {"application/mcp-server-card+json", "public, max-age=3600"}},
    {"/oresundspace/mcp/server-card", {"application/mcp-server-card+json", "public, max-age=3600"}},
    {"/.well-known/ai-catalog.json", {"application/ai-catalog+json", "public, max-age=3600"}},
    {"/robots.txt", {"text/plain; charset=utf-8", "public, max-age=86400"}},
};

TEST_F(DocumentsTest, EachHasItsTypeAndMayBeKeptAndReadFromAnyOrigin) {
  for (const auto& [path, expected] : served_documents) {
    SCOPED_TRACE(path);
    const auto answer = stranger("GET", path);
    ASSERT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.response.content_type, expected.type);
    EXPECT_EQ(answer.field("Cache-Control"), expected.cache);
    EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(answer.field("Access-Control-Expose-Headers"), "ETag, Link");
    EXPECT_FALSE(answer.response.body.empty());
    EXPECT_EQ(stranger("HEAD", path).status(), 200);
  }
}

TEST_F(DocumentsTest, AnUnchangedDocumentIsNotSentAgain) {
  for (const std::string_view path :
       {"/auth.md", "/.well-known/oauth-protected-resource/oresundspace/whoami", "/docs/mcp"}) {
    SCOPED_TRACE(path);
    const std::string tag = stranger("GET", path).field("ETag");
    ASSERT_TRUE(tag.starts_with('"') && tag.ends_with('"'));
    for (const std::string& match : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
      const auto unchanged = stranger("GET", path, {{"if-none-match", match}});
      EXPECT_EQ(unchanged.status(), 304) << match;
      EXPECT_TRUE(unchanged.response.body.empty());
      EXPECT_EQ(unchanged.field("ETag"), tag);
    }
    EXPECT_EQ(stranger("GET", path, {{"if-none-match", "\"other\""}}).status(), 200);
  }
}

TEST_F(DocumentsTest, AnyOriginMayAskWithAnyHeaderAndOnlyRead) {
  for (const std::string_view path : {"/auth.md", "/oresundspace/openapi.json", "/docs/api"}) {
    const auto preflight = stranger("OPTIONS", path);
    EXPECT_EQ(preflight.status(), 204);
    EXPECT_EQ(preflight.field("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(preflight.field("Access-Control-Allow-Headers"), "*, Authorization");
    EXPECT_EQ(preflight.field("Access-Control-Allow-Credentials"), "");
    EXPECT_EQ(stranger("POST", path).status(), 405);
  }
  EXPECT_EQ(stranger("OPTIONS", "/api/v1/agents").field("Access-Control-Allow-Origin"), "")
      << "no other origin reaches the management API";
}

TEST_F(DocumentsTest, JsonIsWhatAJsonReaderGets) {
  const std::string_view card = "/mcp/server-card";
  EXPECT_EQ(stranger("GET", card, {{"accept", "application/json"}}).status(), 200);
  EXPECT_EQ(stranger("GET", card, {{"accept", "application/mcp-server-card+json"}}).status(), 200);
  EXPECT_EQ(stranger("GET", card, {{"accept", "text/html"}}).status(), 406);
  EXPECT_EQ(stranger("GET", "/docs/api", {{"accept", "text/html,*/*;q=0.8"}}).status(), 200);
}

/// docs/protocol/http.md section 9.
TEST_F(DocumentsTest, APageRunsNothingAndLoadsNothingFromElsewhere) {
  const auto page = stranger("GET", "/docs/errors");
  EXPECT_NE(page.field("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page.field("Cross-Origin-Opener-Policy"), "same-origin");
  EXPECT_EQ(page.response.body.find("<script"), std::string::npos);
  EXPECT_EQ(page.response.body.find(" style="), std::string::npos);
  EXPECT_EQ(page.response.body.find("src="), std::string::npos);
  EXPECT_EQ(stranger("GET", "/docs/style.css").response.content_type, "text/css; charset=utf-8");
}

/// Addresses of the own origin in a text, with something in place of what is left open.
std::set<std::string> paths_in(const std::string& text) {
  static const std::regex address(std::string(origin) + "(/[A-Za-z0-9._~/{}<>-]*)");
  static const std::regex open("\\{[^}]*\\}|<[^>]*>");
  std::set<std::string> paths;
  for (std::sregex_iterator at(text.begin(), text.end(), address), end; at != end; ++at) {
    std::string path = std::regex_replace((*at)[1].str(), open, std::string(some_id));
    while (path.ends_with('.') || path.ends_with('/')) path.pop_back();
    if (path.find('<') == std::string::npos) paths.insert(path);
  }
  return paths;
}

/// docs/protocol/discovery.md section 12: what is named is there. Doors and the gate answer
/// elsewhere.
TEST_F(DocumentsTest, WhateverADocumentNamesIsThere) {
  const std::set<std::string> elsewhere = {"/mcp",
                                           "/a2a",
                                           "/oresundspace/mcp",
                                           "/v1",
                                           "/oresundspace",
                                           "/oresundspace/a2a",
                                           "/v1/...",
                                           "/agents",
                                           "/join",
                                           "/join/" + std::string(some_id)};
  std::set<std::string> named;
  for (const auto& [path, expected] : served_documents) {
    if (expected.type.starts_with("text/html")) continue;  // made from the Markdown
    named.merge(paths_in(stranger("GET", path, {}, "192.0.2.7").response.body));
  }
  int asked = 0;
  for (const std::string& path : named) {
    if (elsewhere.contains(path) || path.starts_with("/agents/")) continue;
    const auto answer = stranger("GET", path, {}, "192.0.2." + std::to_string(asked % 250));
    EXPECT_NE(answer.code(), "route_not_found") << path;
    ++asked;
  }
  EXPECT_GT(asked, 20);
}

class SwitchedDocuments : public testing::Test {
 protected:
  SwitchedDocuments() { settings.origin = origin; }

  /// Documents that hold the text.
  std::vector<std::string> that_name(std::string_view text) const {
    const Documents documents(settings);
    std::vector<std::string> naming;
    for (const std::string& path : documents.paths()) {
      if (documents.answer(path, "").body.find(text) != std::string::npos) naming.push_back(path);
    }
    return naming;
  }

  Settings settings;
};

using Paths = std::vector<std::string>;

TEST_F(SwitchedDocuments, WithoutSpacesNoneSpeaksOfThem) {
  settings.spaces_enabled = false;
  EXPECT_EQ(Documents(settings).paths(),
            (Paths{"/.well-known/oauth-protected-resource", "/auth.md", "/docs/authentication",
                   "/docs/authentication.md", "/docs/errors", "/docs/errors.md", "/docs/style.css",
                   "/llms-full.txt", "/llms.txt", "/openapi.json"}));
  for (const std::string_view word :
       {"/oresundspace", "/mcp", "/a2a", "\"agent_auth\"", "\"anonymous\"", "kronborg spaces",
        "oauth-authorization-server", "/oauth/revoke"}) {
    EXPECT_EQ(that_name(word), Paths()) << word;
  }
  const Documents documents(settings);
  for (const std::string_view resource : {"/mcp", "/oresundspace/mcp", "/oresundspace/space"}) {
    EXPECT_EQ(documents.find("/.well-known/oauth-protected-resource" + std::string(resource)),
              nullptr);
  }
}

TEST_F(SwitchedDocuments, WithoutAnonymousCreationTheWordIsOff) {
  EXPECT_NE(that_name("\"anonymous\""), Paths());
  settings.anonymous_create = false;
  for (const std::string_view path :
       {"/.well-known/oauth-authorization-server", "/auth.md", "/docs/quickstart.md"}) {
    const std::string body = Documents(settings).answer(path, "").body;
    EXPECT_EQ(body.find("\"anonymous\""), std::string::npos) << path;
    EXPECT_EQ(body.find("\"credential_uri\""), std::string::npos) << path;
  }
  const std::string guide = Documents(settings).answer("/auth.md", "").body;
  EXPECT_NE(guide.find("Anonymous creation of spaces is off"), std::string::npos);
  EXPECT_EQ(guide.find("POST https://kronborg.example/oresundspace/space`"), std::string::npos);
}

TEST_F(SwitchedDocuments, WhatAnUpstreamHasIsNamedByItsTwin) {
  EXPECT_NE(that_name("kronborg.example/mcp"), Paths());
  EXPECT_NE(that_name("kronborg.example/a2a"), Paths());
  settings.owns_mcp = false;
  settings.owns_a2a = false;
  EXPECT_EQ(that_name("kronborg.example/mcp"), Paths());
  EXPECT_EQ(that_name("kronborg.example/a2a"), Paths());
  EXPECT_EQ(that_name("kronborg.example/.well-known/mcp"), Paths());
  EXPECT_EQ(that_name("kronborg.example/.well-known/agent"), Paths());
  EXPECT_EQ(that_name("\"/.well-known/agent-card.json\""), Paths()) << "in OpenAPI";
  EXPECT_NE(that_name("kronborg.example/oresundspace/mcp"), Paths());
  settings.owns_docs = false;
  EXPECT_EQ(that_name("kronborg.example/docs"), Paths());
  EXPECT_EQ(that_name("kronborg.example/openapi.json"), Paths());
  EXPECT_NE(that_name("kronborg.example/oresundspace/openapi.json"), Paths());
}

/// The description of the API stays reachable whoever has the root path.
TEST_F(SwitchedDocuments, OneOpenApiIsAlwaysThere) {
  for (const bool spaces : {true, false}) {
    for (const bool docs : {true, false}) {
      settings.spaces_enabled = spaces;
      settings.owns_docs = docs;
      const Documents documents(settings);
      EXPECT_EQ(documents.find("/openapi.json") != nullptr, docs);
      EXPECT_EQ(documents.find("/oresundspace/openapi.json") != nullptr, spaces || !docs);
    }
  }
}

}  // namespace
}  // namespace kronborg::api

#include "api/documents.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/fixture_test.h"
#include "api/openapi.h"
#include "base/json.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

class DocumentsTest : public ApiTest {};

TEST_F(DocumentsTest, TheProtectedResourceIsWhatTheGateIs) {
  const auto answer = stranger("GET", "/.well-known/oauth-protected-resource");
  EXPECT_EQ(answer.response.content_type, "application/json");
  EXPECT_EQ(answer.text("resource"), "https://kronborg.example");
  EXPECT_EQ(answer.text("resource_documentation"), "https://kronborg.example/auth.md");
  EXPECT_EQ(answer.body.at("bearer_methods_supported").at(0).as_string(), "header");
  for (const std::string_view absent :
       {"authorization_servers", "scopes_supported", "jwks_uri", "space_key_header"}) {
    EXPECT_FALSE(answer.body.contains(absent)) << absent;
  }
  EXPECT_EQ(stranger("GET", "/.well-known/oauth-protected-resource/mcp").status(), 404);
  EXPECT_EQ(stranger("GET", "/.well-known/oauth-authorization-server").status(), 404);
}

TEST_F(DocumentsTest, DocumentsAreCacheableAndReadableFromAnyOrigin) {
  for (const auto& [path, cache] :
       {std::pair{"/.well-known/oauth-protected-resource", "public, max-age=300"},
        std::pair{"/auth.md", "public, max-age=300"},
        std::pair{"/openapi.json", "public, max-age=3600"}}) {
    SCOPED_TRACE(path);
    const auto answer = stranger("GET", path);
    EXPECT_EQ(answer.field("Cache-Control"), cache);
    EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "*");
    const std::string tag = answer.field("ETag");
    ASSERT_TRUE(tag.starts_with('"') && tag.ends_with('"'));
    for (const std::string& match : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
      const auto unchanged = stranger("GET", path, {{"if-none-match", match}});
      EXPECT_EQ(unchanged.status(), 304) << match;
      EXPECT_TRUE(unchanged.response.body.empty());
      EXPECT_EQ(unchanged.field("ETag"), tag);
    }
    EXPECT_EQ(stranger("GET", path, {{"if-none-match", "\"other\""}}).status(), 200);
    EXPECT_EQ(stranger("HEAD", path).response.body, answer.response.body);
    const auto preflight = stranger("OPTIONS", path);
    EXPECT_EQ(preflight.status(), 204);
    EXPECT_EQ(preflight.field("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(stranger("POST", path).status(), 405);
  }
  EXPECT_EQ(stranger("OPTIONS", "/api/v1/agents").status(), 405)
      << "no other origin reaches the management API";
  EXPECT_EQ(stranger("OPTIONS", "/api/v1/agents").field("Access-Control-Allow-Origin"), "");
}

TEST_F(DocumentsTest, TheGuideHasItsHeadingsInOrderAndFitsItsSize) {
  const std::string guide = stranger("GET", "/auth.md").response.body;
  EXPECT_LE(guide.size(), 12U * 1024U);
  std::size_t at = 0;
  for (const std::string_view heading :
       {"# auth.md", "## Step 1 - Discover", "## Step 2 - Pick a method", "## Step 3 - Register",
        "## Step 4 - Claim ceremony", "## Step 5 - Exchange", "## Step 6 - Use", "## Errors",
        "## Revocation"}) {
    const std::size_t found = guide.find(std::string(heading) + "\n", at);
    ASSERT_NE(found, std::string::npos) << heading;
    at = found;
  }
  EXPECT_EQ(guide.find('{'), std::string::npos) << "an address was not filled in";
  EXPECT_NE(guide.find("https://kronborg.example/v1"), std::string::npos);
}

TEST_F(DocumentsTest, ThePublishedOpenApiIsTheSourceWithTheOwnOrigin) {
  const auto answer = stranger("GET", "/openapi.json");
  EXPECT_EQ(answer.body.at("servers").at(0).at("url").as_string(), "https://kronborg.example");
  EXPECT_EQ(answer.body.at("paths"), openapi().at("paths"));
  EXPECT_EQ(answer.body.at("components"), openapi().at("components"));
  EXPECT_EQ(answer.response.body, openapi_document("https://kronborg.example"));
}

/// Examples are what people copy: each fits its own schema.
TEST_F(DocumentsTest, TheExamplesOfTheDocumentAreRequestsThatAreUnderstood) {
  int tried = 0;
  for (const auto& [path, operations] : openapi().at("paths").as_object()) {
    const json::object* described =
        operations.as_object().contains("post") ? &operations.at("post").as_object() : nullptr;
    if (described == nullptr || !described->contains("requestBody")) continue;
    const json::object& content =
        described->at("requestBody").at("content").at("application/json").as_object();
    if (!content.contains("example")) continue;
    std::string target(path);
    if (const auto open = target.find('{'); open != std::string::npos)
      target.replace(open, target.find('}') - open + 1, "none");
    const auto answer = post(target, base::to_text(content.at("example")));
    EXPECT_NE(answer.code().substr(0, 8), "invalid_") << target << answer.response.body;
    EXPECT_NE(answer.code(), "unknown_member") << target;
    EXPECT_NE(answer.code(), "missing_member") << target;
    ++tried;
  }
  EXPECT_GE(tried, 10);
}

}  // namespace
}  // namespace kronborg::api

#include "api/routes.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <set>
#include <string>

#include "api/fixture_test.h"
#include "base/text.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

TEST(Routes, TheTableAndTheDocumentNameTheSameOperations) {
  std::set<std::string> table;
  std::set<std::string> ids;
  for (const Route& route : routes()) {
    const std::string operation =
        base::lower(method_name(route.method)) + " " + std::string(route.path);
    EXPECT_TRUE(table.insert(operation).second) << operation << " stands twice in the table";
    EXPECT_TRUE(ids.emplace(route.id).second) << route.id << " stands twice in the table";
    const json::value* path = openapi().at("paths").as_object().if_contains(route.path);
    ASSERT_NE(path, nullptr) << route.path << " is not in the document";
    const json::value* described =
        path->as_object().if_contains(base::lower(method_name(route.method)));
    ASSERT_NE(described, nullptr) << operation << " is not in the document";
    EXPECT_EQ(described->at("operationId").as_string(), route.id);
    EXPECT_EQ(described->at("summary").as_string(), route.summary);
    const bool open = described->as_object().contains("security");
    EXPECT_EQ(open, !route.rule.owner_only()) << operation << ": who may call differs";
  }
  for (const auto& [path, operations] : openapi().at("paths").as_object()) {
    for (const auto& operation : operations.as_object()) {
      const std::string name = std::string(operation.key()) + " " + std::string(path);
      EXPECT_TRUE(table.contains(name)) << name << " is not in the table";
    }
  }
}

TEST(Routes, EverythingBelowTheManagementPrefixIsForTheOwner) {
  for (const Route& route : routes()) {
    EXPECT_EQ(route.rule.owner_only(), route.path.starts_with("/api/v1/")) << route.path;
  }
}

TEST(Routes, ATemplateFitsWholeSegments) {
  EXPECT_EQ(match("/a/{id}", "/a/b"), std::vector<std::string>{"b"});
  EXPECT_EQ(match("/a/{id}/c", "/a/b/c"), std::vector<std::string>{"b"});
  EXPECT_TRUE(match("/a", "/a"));
  for (const std::string_view path : {"/a", "/a/", "/a/b/", "/a/b/c", "/b/b", "a/b", ""}) {
    EXPECT_FALSE(match("/a/{id}", path)) << path;
  }
}

TEST(Routes, ALiteralSegmentWinsOverAParameter) {
  EXPECT_EQ(find_route("POST", "/api/v1/agents/import").route->id, "importAgent");
  EXPECT_EQ(find_route("POST", "/api/v1/access-keys/inspect").route->id, "inspectAccessKey");
  EXPECT_EQ(find_route("GET", "/api/v1/agents/import").allow, "POST");
}

}  // namespace
}  // namespace kronborg::api

#include "api/routes.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <set>
#include <string>

#include "api/documents.h"
#include "api/fixture_test.h"
#include "base/text.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

std::string name_of(const Route& route) {
  return base::lower(method_name(route.method)) + " " + std::string(route.path);
}

/// What the description says of a route is what the table says.
void compare(const Route& route) {
  SCOPED_TRACE(name_of(route));
  const json::value* path = openapi().at("paths").as_object().if_contains(route.path);
  ASSERT_NE(path, nullptr) << "is not in the document";
  const json::value* described =
      path->as_object().if_contains(base::lower(method_name(route.method)));
  ASSERT_NE(described, nullptr) << "is not in the document";
  EXPECT_EQ(described->at("operationId").as_string(), route.id);
  EXPECT_EQ(described->at("summary").as_string(), route.summary);
  const json::value* security = described->as_object().if_contains("security");
  EXPECT_EQ(security == nullptr, route.rule.owner_only()) << "who may call differs";
  const SpaceRule* space = route.rule.space_rule();
  // A device ends its own key, with that key.
  const bool needs_key =
      route.id == "unpairDevice" ||
      (space != nullptr && space->key != KeyPlace::none && space->key != KeyPlace::path);
  if (security != nullptr && !route.rule.is_open(Open::metrics)) {
    EXPECT_EQ(!security->as_array().empty(), needs_key);
  }
  if (space == nullptr || space->door != Door::none) return;
  const bool is_get = route.method == Method::get;
  const json::value* errors = described->at("responses").as_object().if_contains("422");
  const bool repeats = needs_key && (!is_get || space->key == KeyPlace::poll);
  EXPECT_EQ(errors != nullptr, repeats) << "Idempotency-Key";
}

TEST(Routes, TheTableAndTheDocumentNameTheSameOperations) {
  std::set<std::string> table;
  std::set<std::string> ids;
  for (const auto& part : {routes(), space_routes()}) {
    for (const Route& route : part) {
      EXPECT_TRUE(table.insert(name_of(route)).second) << name_of(route) << " stands twice";
      EXPECT_TRUE(ids.emplace(route.id).second) << route.id << " stands twice";
      compare(route);
    }
  }
  Settings settings;
  settings.origin = "https://kronborg.example";
  for (const std::string& path : Documents(settings).paths()) table.insert("get " + path);
  for (const auto& [path, operations] : openapi().at("paths").as_object()) {
    for (const auto& operation : operations.as_object()) {
      if (operation.key() == "parameters") continue;
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

#include <string>

#include "doors/mcp_fixture_test.h"
#include "doors/mcp_tool.h"

// docs/protocol/discovery.md section 8: the list of the tools, and the two that give the manual.

namespace kronborg::doors {
namespace {

namespace json = boost::json;

TEST_F(McpDoor, SchemasNameExactlyTheArgumentsOfTheTable) {
  for (const json::value& listed : tool_list()) {
    const Tool* tool = find_tool(listed.at("name").as_string());
    ASSERT_NE(tool, nullptr);
    const json::object& properties = listed.at("inputSchema").at("properties").as_object();
    EXPECT_EQ(properties.contains("privateKey"), tool->keyed) << tool->name;
    EXPECT_EQ(properties.contains("idempotencyKey"), tool->repeatable) << tool->name;
    EXPECT_EQ(properties.contains("joinToken"), tool->takes_join_token) << tool->name;
    for (const QueryArgument& argument : tool->query) {
      EXPECT_TRUE(properties.contains(argument.name)) << tool->name << " " << argument.name;
    }
    for (const char* name : {"privateKey", "joinToken"}) {
      if (!properties.contains(name)) continue;
      EXPECT_EQ(properties.at(name).at("writeOnly"), true);
      EXPECT_EQ(properties.at(name).at("format"), "password");
    }
    EXPECT_TRUE(listed.as_object().contains("outputSchema"));
    for (const char* hint :
         {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}) {
      EXPECT_TRUE(listed.at("annotations").at(hint).is_bool()) << tool->name << " " << hint;
    }
  }
}

TEST_F(McpDoor, TheManualIsSearchedAndRead) {
  const json::value found = result_of(calling("search_docs", R"({"query":"fencing token"})"));
  const json::value& best = found.at("structuredContent").at("results").at(0);
  EXPECT_EQ(best.at("page"), "artifacts");
  EXPECT_EQ(best.at("heading"), "Locks");
  EXPECT_EQ(best.at("url"), "https://kronborg.example/docs/artifacts.md");
  EXPECT_NE(best.at("excerpt").as_string().find("fencing token"), std::string::npos);
  EXPECT_TRUE(result_of(calling("search_docs", R"({"query":"zebra"})"))
                  .at("structuredContent")
                  .at("results")
                  .as_array()
                  .empty());
  const json::value page = result_of(calling("read_doc", R"({"page":"quickstart"})"));
  EXPECT_EQ(page.at("structuredContent").at("page"), "quickstart");
  EXPECT_TRUE(page.at("structuredContent").at("content").as_string().starts_with("# Quickstart"));
  EXPECT_EQ(tokens_taken_, 3);
}

TEST_F(McpDoor, SearchRanksHeadingsAndCutsExcerpts) {
  DocPages pages{
      {"api", "# API\n\nA key opens it.\n\n## Keys\n\nWhat ends a key.\n"},
      {"long", "# Long\n\n" + std::string(400, 'x') + " ærø key " + std::string(900, 'y') + "\n"}};
  const Manual manual(pages, "https://kronborg.example");
  const auto search = [&](json::object arguments) {
    api::Members members = api::Members::of(std::move(arguments));
    std::vector<api::Warning> warnings;
    return manual.search(members, warnings)->at("results").as_array();
  };
  const json::array found = search({{"query", "KEYS"}});
  ASSERT_EQ(found.size(), 3u);  // the singular too
  EXPECT_EQ(found[0].at("heading"), "Keys");
  const json::array all = search({{"query", "key"}});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].at("heading"), "Keys");
  for (const json::value& result : all) {
    EXPECT_LE(result.at("excerpt").as_string().size(), 300u);
    EXPECT_NE(result.at("excerpt").as_string().find("key"), std::string::npos);
  }
  EXPECT_EQ(search({{"query", "key"}, {"limit", 1}}).size(), 1u);
  EXPECT_TRUE(search({{"query", "?!"}}).empty());
}

}  // namespace
}  // namespace kronborg::doors

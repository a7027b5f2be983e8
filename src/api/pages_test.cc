#include "api/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <regex>

#include "api/auth_guide.h"
#include "api/metadata.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

Settings settings_of_example() {
  Settings settings;
  settings.origin = "https://kronborg.example";
  return settings;
}

const Page& page(const std::vector<Page>& pages, std::string_view name) {
  return *std::ranges::find(pages, name, &Page::name);
}

std::vector<Settings> every_setting() {
  std::vector<Settings> all;
  for (unsigned bits = 0; bits < 16; ++bits) {
    Settings settings = settings_of_example();
    settings.spaces_enabled = (bits & 1U) != 0;
    settings.anonymous_create = (bits & 2U) != 0;
    settings.owns_mcp = settings.owns_a2a = (bits & 4U) != 0;
    settings.owns_docs = (bits & 8U) != 0;
    all.push_back(settings);
  }
  return all;
}

TEST(AuthGuide, HasItsHeadingsInOrderAndFitsItsSize) {
  for (const Settings& settings : every_setting()) {
    const std::string guide = auth_guide(settings);
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
    EXPECT_EQ(guide.find("{{"), std::string::npos) << "something was not filled in";
    EXPECT_NE(guide.find("https://kronborg.example/v1"), std::string::npos);
  }
}

TEST(AuthGuide, PrintsTheBlockThatIsServed) {
  const Settings settings = settings_of_example();
  const std::string guide = auth_guide(settings);
  const std::size_t begin = guide.find("```json\n") + 8;
  const std::string block = guide.substr(begin, guide.find("```", begin) - begin);
  EXPECT_EQ(json::parse(block), json::value(agent_auth(settings)));
}

TEST(AuthGuide, SaysTheLimitsThatAreConfigured) {
  Settings settings = settings_of_example();
  settings.rates[static_cast<std::size_t>(Policy::space_create)] = {.quota = 7, .window_s = 3600};
  EXPECT_NE(auth_guide(settings).find("At most 7 per hour"), std::string::npos);
}

TEST(Pages, NothingStaysOpen) {
  for (const Settings& settings : every_setting()) {
    const auto pages = documentation(settings);
    for (const Page& one : pages) {
      for (const std::string& text : {one.markdown, one.html}) {
        EXPECT_EQ(text.find("{{"), std::string::npos) << one.name;
        EXPECT_EQ(text.find("%7B%7B"), std::string::npos) << one.name;
        EXPECT_EQ(text.find("raw HTML"), std::string::npos) << one.name;
      }
      EXPECT_FALSE(one.title.empty());
    }
    EXPECT_EQ(llms_text(settings, pages).find("{{"), std::string::npos);
  }
}

TEST(Pages, ThoseOfSpacesGoWithThem) {
  Settings settings = settings_of_example();
  EXPECT_EQ(documentation(settings).size(), 7U);
  settings.spaces_enabled = false;
  const auto pages = documentation(settings);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(page(pages, "authentication").markdown.find("space"), std::string::npos);
}

/// problem+json names this address as its type.
TEST(Pages, EveryCodeHasItsPlace) {
  const auto pages = documentation(settings_of_example());
  const Page& errors = page(pages, "errors");
  std::size_t count = 0;
#define KRONBORG_ERROR(name, status, exit_code, text, hint)                                  \
  ++count;                                                                                   \
  EXPECT_NE(errors.html.find("<h3 id=\"" #name "\">"), std::string::npos) << #name;          \
  EXPECT_NE(errors.markdown.find("\n### " #name "\n\nHTTP " #status "."), std::string::npos) \
      << #name;
#include "base/error_codes.def"
#undef KRONBORG_ERROR
  EXPECT_GT(count, 100U);
}

/// Every link between pages leads to a page, and to a heading that is there.
TEST(Pages, LinksBetweenThemLeadSomewhere) {
  const auto pages = documentation(settings_of_example());
  static const std::regex link(
      "href=\"https://kronborg.example/docs/([a-z0-9]+)(\\.md)?(#([a-z-]+))?\"");
  int followed = 0;
  for (const Page& one : pages) {
    for (std::sregex_iterator at(one.html.begin(), one.html.end(), link), end; at != end; ++at) {
      const auto target = std::ranges::find(pages, (*at)[1].str(), &Page::name);
      ASSERT_NE(target, pages.end()) << (*at)[0];
      EXPECT_EQ((*at)[2].str(), "") << "an HTML page leads to HTML pages";
      if ((*at)[4].matched) {
        EXPECT_NE(target->html.find("<h2 id=\"" + (*at)[4].str() + "\">"), std::string::npos);
      }
      ++followed;
    }
  }
  EXPECT_GT(followed, 10);
}

TEST(Pages, ANameOfTheServiceIsTextAndNotMarkup) {
  Settings settings = settings_of_example();
  settings.service_name = "<b>&\nspaces";
  const std::string html = page(documentation(settings), "mcp").html;
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_NE(html.find("&lt;b&gt;&amp; spaces"), std::string::npos);
}

TEST(Pages, TheFullTextHoldsAllOfThem) {
  const auto pages = documentation(settings_of_example());
  const std::string full = llms_full_text(pages);
  const std::string index = llms_text(settings_of_example(), pages);
  for (const Page& one : pages) {
    EXPECT_NE(full.find(one.markdown), std::string::npos) << one.name;
    EXPECT_NE(index.find("(https://kronborg.example/docs/" + one.name + ".md)"), std::string::npos);
  }
  for (const std::string_view address :
       {"/auth.md", "/openapi.json", "/mcp", "/llms-full.txt", "/.well-known/agent-card.json"}) {
    EXPECT_NE(index.find("https://kronborg.example" + std::string(address)), std::string::npos);
  }
}

}  // namespace
}  // namespace kronborg::api

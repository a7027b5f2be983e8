#include "api/paging.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <set>

#include "api/fixture_test.h"
#include "base/bytes.h"
#include "crypto/hash.h"

namespace kronborg::api {
namespace {

// Cursors made by another implementation: server key SHA-256("kronborg-example:cursor").
TEST(Cursors, AreAsOthersMakeThem) {
  const Cursors cursors(crypto::sha256(base::bytes_of("kronborg-example:cursor")));
  struct Known {
    std::string_view list;
    std::int64_t position;
    std::string_view cursor;
  };
  for (const auto& [list, position, cursor] :
       {Known{"76fb7f28-6b6a-4bcf-961a-b9723ef27b32/messages", 1, "c1.AAAAAAAAAAEYyS5L2Acayw"},
        Known{"76fb7f28-6b6a-4bcf-961a-b9723ef27b32/messages", 0, "c1.AAAAAAAAAACdWPS4ct9q_Q"},
        Known{"ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f/messages", 2, "c1.AAAAAAAAAAK3d4RSMTBXZg"},
        Known{"ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f/audit", 4, "c1.AAAAAAAAAAS4pc5v-ak6ng"}}) {
    EXPECT_EQ(cursors.write(list, position), cursor);
    EXPECT_EQ(cursors.read(list, cursor).value(), position);
  }
}

TEST(Cursors, AnAlteredOneAndOneOfAnotherListAreRefused) {
  const Cursors cursors(crypto::sha256(base::bytes_of("key")));
  const std::string cursor = cursors.write("agents", 77);
  EXPECT_FALSE(cursors.read("access-keys", cursor));
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string changed = cursor;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(cursors.read("agents", changed)) << changed;
  }
  for (const std::string_view bad : {"", "c1.", "c1.AA", "77"})
    EXPECT_FALSE(cursors.read("agents", bad));
  EXPECT_FALSE(cursors.read("agents", cursor + "A"));
}

class PagingTest : public ApiTest {};

TEST_F(PagingTest, PagesHoldEachItemOnceAndTheirCursorsOutliveTheProcess) {
  for (int i = 0; i < 7; ++i) new_agent("agent " + std::to_string(i));
  std::set<std::string> names;
  std::string cursor;
  int pages = 0;
  for (bool more = true; more; ++pages) {
    const auto page = get("/api/v1/agents?limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto& agent : page.body.at("agents").as_array()) {
      EXPECT_TRUE(names.emplace(agent.at("name").as_string()).second);
    }
    cursor = page.text("cursor");
    more = page.body.at("hasMore").as_bool();
    restart();
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names.size(), 7U);
  new_agent("later");
  const auto last = get("/api/v1/agents?cursor=" + cursor);
  ASSERT_EQ(last.body.at("agents").as_array().size(), 1U) << "the cursor of the last page goes on";
  EXPECT_EQ(last.body.at("agents").at(0).at("name").as_string(), "later");
}

TEST_F(PagingTest, ACursorIsGoodForItsListAndFiltersOnly) {
  new_key("a");
  const std::string cursor = get("/api/v1/access-keys?limit=1").text("cursor");
  EXPECT_EQ(get("/api/v1/access-keys?cursor=" + cursor).status(), 200);
  EXPECT_EQ(get("/api/v1/access-keys?all=true&cursor=" + cursor).code(), "cursor_invalid");
  EXPECT_EQ(get("/api/v1/agents?cursor=" + cursor).code(), "cursor_invalid");
  EXPECT_EQ(get("/api/v1/audit?cursor=" + cursor).code(), "cursor_invalid");
}

}  // namespace
}  // namespace kronborg::api

#include <fmt/format.h>

#include "spaces/artifact_fixture_test.h"

// docs/protocol/spaces.md section 14.

namespace kronborg::spaces {
namespace {

TEST_F(ArtifactTest, ContentsOfASpaceHaveALimit) {
  set_content_bytes(max_content_bytes - 58);
  const auto refused = create(seller, "agreement.md");
  ASSERT_EQ(code_of(refused), "limit_reached");
  EXPECT_EQ(detail(refused.error(), "limit"), "content");
  EXPECT_EQ(detail(refused.error(), "max"), "268435456");
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_artifacts"), 0);
  set_content_bytes(max_content_bytes - 59);
  const Artifact made = create(seller, "agreement.md").value();
  EXPECT_EQ(code_of(put(seller, made, "x")), "limit_reached");
  EXPECT_EQ(get(made)->revision, 1);
}

TEST_F(ArtifactTest, ASpaceHas500LiveArtifactsAtMost) {
  const Caller by_buyer = caller(buyer);
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              for (int i = 0; i < 500; ++i) {
                TRY_VOID(create_artifact(act, by_buyer,
                                         {.name = std::to_string(i), .content = "", .note = {}}));
              }
              return {};
            })),
            "ok");
  const auto refused = create(seller, "agreement.md");
  ASSERT_EQ(code_of(refused), "limit_reached");
  EXPECT_EQ(detail(refused.error(), "limit"), "artifacts");
  EXPECT_EQ(detail(refused.error(), "max"), "500");

  const auto page = read([&](Act& act) { return list_artifacts(act, buyer.space, 0, 100); });
  EXPECT_EQ(page->items.size(), 100U);
  EXPECT_EQ(page->items.front().name, "0");
  EXPECT_TRUE(page->has_more);
  const auto rest =
      read([&](Act& act) { return list_artifacts(act, buyer.space, page->last, 400); });
  EXPECT_EQ(rest->items.size(), 400U);
  EXPECT_FALSE(rest->has_more);
  ASSERT_EQ(code_of(remove(buyer, page->items.front())), "ok");
  EXPECT_EQ(code_of(create(seller, "agreement.md")), "ok");
  EXPECT_EQ(read([&](Act& act) { return live_artifacts(act, buyer.space); })->size(), 500U);
}

TEST_F(ArtifactTest, TheLastThousandRevisionsKeepTheirContent) {
  const Artifact made = create(seller, "log.txt", "0").value();
  const Caller by_seller = caller(seller);
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              for (int i = 1; i <= 1001; ++i) {
                const ArtifactChange change{
                    .content = fmt::format("{:04}", i), .name = {}, .note = {}};
                TRY_VOID(write_artifact(act, by_seller, made.id, change, {}));
              }
              return {};
            })),
            "ok");
  const Artifact now = get(made).value();
  EXPECT_EQ(now.revision, 1002);
  EXPECT_EQ(code_of(revision(now, 1)), "revision_pruned");
  EXPECT_EQ(code_of(revision(now, 2)), "revision_pruned");
  EXPECT_EQ(*revision(now, 3)->content, "0002");
  EXPECT_EQ(content_bytes(), 4'000);
  const auto page = read([&](Act& act) { return list_revisions(act, now, 0, 3); });
  ASSERT_EQ(page->items.size(), 3U);
  EXPECT_FALSE(page->items[1].available);
  EXPECT_TRUE(page->items[2].available);
  EXPECT_EQ(page->last, 3);
  EXPECT_TRUE(page->has_more);
  // SHA-256 of "0".
  EXPECT_EQ(page->items[0].sha256,
            "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
}

}  // namespace
}  // namespace kronborg::spaces

#include "spaces/artifact.h"

#include <fmt/format.h>

#include "spaces/artifact_fixture_test.h"

namespace kronborg::spaces {
namespace {

TEST_F(ArtifactTest, AWalkThroughThreeRevisions) {
  const Artifact made = create(seller, "agreement.md").value();
  EXPECT_EQ(made.sha256, first_sha256);
  EXPECT_EQ(made.etag(), first_etag);
  EXPECT_EQ(made.size, 59);
  EXPECT_EQ(last_message(), "seller-agent created agreement.md.");

  clock.step(30'000);
  const Artifact second = put(buyer, made, second_text,
                              {.if_match = first_etag, .base_revision = {}, .fencing_token = {}})
                              .value();
  EXPECT_EQ(second.etag(), second_etag);
  const Artifact third =
      put(seller, second, ArtifactChange{.content = third_text, .name = {}, .note = "freeze added"},
          {.if_match = {}, .base_revision = 2, .fencing_token = {}})
          .value();
  EXPECT_EQ(third.etag(), third_etag);
  EXPECT_EQ(third.size, 85);
  EXPECT_EQ(content_bytes(), 59 + 59 + 85);

  EXPECT_EQ(*revision(third, 1)->content, first_text);
  EXPECT_EQ(revision(third, 2)->created_by, buyer.id);
  EXPECT_EQ(*revision(third, 3)->note, "freeze added");
  EXPECT_EQ(code_of(revision(third, 4)), "not_found");
  EXPECT_EQ(code_of(revision(third, 0)), "not_found");
}

TEST_F(ArtifactTest, TheSummaryAsReadersSeeIt) {
  const Artifact made = create(seller, "agreement.md").value();
  const std::string text = base::to_text(render_summary(made, clock.now_ms()));
  const std::string seller_as_author =
      fmt::format(R"({{"participantId":"{}","name":"seller-agent"}})", seller.id);
  EXPECT_EQ(text, fmt::format(R"({{"artifactId":"{}","name":"agreement.md",)"
                              R"("mediaType":"text/markdown","revision":1,"sha256":"{}","size":59,)"
                              R"("createdAt":"2026-11-02T09:00:00.000Z","createdBy":{},)"
                              R"("updatedAt":"2026-11-02T09:00:00.000Z","updatedBy":{},)"
                              R"("signatureCount":0}})",
                              made.id, first_sha256, seller_as_author, seller_as_author));
  const std::vector<std::string> told = ears.take_texts();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0], fmt::format(R"(artifact {{"action":"created","artifact":{}}})", text));
}

TEST_F(ArtifactTest, ContentThatIsThereAlreadyMakesNoRevision) {
  const Artifact made = create(seller, "agreement.md").value();
  ears.take();
  const Artifact same = put(buyer, made, first_text).value();
  EXPECT_EQ(same.revision, 1);
  EXPECT_EQ(same.updated_by, seller.id);
  EXPECT_TRUE(ears.take().empty());
  EXPECT_EQ(content_bytes(), 59);
}

TEST_F(ArtifactTest, ANewNameMakesNoRevisionEither) {
  const Artifact made = create(seller, "draft.md").value();
  const Artifact renamed =
      put(buyer, made, ArtifactChange{.content = {}, .name = "final.md", .note = {}}).value();
  EXPECT_EQ(renamed.revision, 1);
  EXPECT_EQ(get(made)->name, "final.md");
  EXPECT_EQ(get(made)->updated_by, buyer.id);
}

TEST_F(ArtifactTest, LiveNamesAreUniqueByteByByte) {
  const Artifact made = create(seller, "a.md").value();
  const auto again = create(buyer, "a.md");
  ASSERT_EQ(code_of(again), "artifact_name_taken");
  EXPECT_EQ(detail(again.error(), "artifactId"), made.id);
  const Artifact other = create(buyer, "A.md").value();
  EXPECT_EQ(code_of(put(buyer, other, ArtifactChange{.content = {}, .name = "a.md", .note = {}})),
            "artifact_name_taken");
  ASSERT_EQ(code_of(remove(seller, made)), "ok");
  EXPECT_EQ(code_of(create(buyer, "a.md")), "ok");
}

// spaces.md section 9.2, row by row.
TEST_F(ArtifactTest, TheFirstFailingConditionAnswers) {
  const Artifact made = create(seller, "agreement.md").value();
  const std::int64_t token = lock(buyer, made).lock_token;
  const auto stale_tag = std::optional<std::string>("\"9-0000000000000000\"");

  const auto without = put(seller, made, second_text,
                           {.if_match = stale_tag, .base_revision = 9, .fencing_token = {}});
  ASSERT_EQ(code_of(without), "artifact_locked");
  EXPECT_EQ(detail(without.error(), "lockedBy"), buyer.id);
  EXPECT_EQ(detail(without.error(), "lockedByName"), "owner");
  EXPECT_EQ(detail(without.error(), "lockExpiresAt"), "2026-11-02T09:01:00.000Z");
  EXPECT_EQ(detail(without.error(), "retryAfter"), "60");
  clock.step(4'999);
  EXPECT_EQ(detail(put(seller, made, second_text).error(), "retryAfter"), "56");

  const auto holder_itself = put(buyer, made, second_text);
  ASSERT_EQ(code_of(holder_itself), "artifact_locked");
  EXPECT_NE(holder_itself.error().next_step(), "");

  const auto with = [&](std::int64_t number) {
    return Condition{.if_match = stale_tag, .base_revision = 9, .fencing_token = number};
  };
  EXPECT_EQ(code_of(put(seller, made, second_text, with(token))), "artifact_locked");
  const auto lost = put(buyer, made, second_text, with(token + 1));
  ASSERT_EQ(code_of(lost), "lock_lost");
  EXPECT_EQ(detail(lost.error(), "currentRevision"), "1");

  const auto mismatch = put(buyer, made, second_text, with(token));
  ASSERT_EQ(code_of(mismatch), "revision_conflict");
  EXPECT_EQ(mismatch.error().status(), 412);
  const auto old_base = put(buyer, made, second_text,
                            {.if_match = first_etag, .base_revision = 9, .fencing_token = token});
  ASSERT_EQ(code_of(old_base), "revision_conflict");
  EXPECT_EQ(old_base.error().status(), 409);
  EXPECT_EQ(get(made)->revision, 1);
  EXPECT_EQ(code_of(put(buyer, made, second_text,
                        {.if_match = first_etag, .base_revision = 1, .fencing_token = token})),
            "ok");
}

TEST_F(ArtifactTest, AConflictSaysWhatIsThereNow) {
  const Artifact made = create(seller, "agreement.md").value();
  clock.step(30'100);
  ASSERT_EQ(code_of(put(buyer, made, second_text)), "ok");
  clock.step(1'000);
  const auto late = put(seller, made, third_text,
                        {.if_match = first_etag, .base_revision = {}, .fencing_token = {}});
  ASSERT_EQ(code_of(late), "revision_conflict");
  EXPECT_EQ(detail(late.error(), "currentRevision"), "2");
  EXPECT_EQ(detail(late.error(), "currentSha256"),
            "9c473d51b67edbafd6dd6fa196898dcaa7401a16ced9822f4b3522cdc2a44646");
  EXPECT_EQ(detail(late.error(), "updatedBy"),
            fmt::format(R"({{"participantId":"{}","name":"owner"}})", buyer.id));
  EXPECT_EQ(detail(late.error(), "updatedAt"), "2026-11-02T09:00:30.100Z");
  EXPECT_EQ(detail(late.error(), "_etag"), second_etag);
}

TEST_F(ArtifactTest, IfMatchIsAListOfStrongTagsOrAStar) {
  const Artifact made = create(seller, "agreement.md").value();
  const auto status = [&](std::string tag) {
    const auto done = put(buyer, made, first_text,
                          {.if_match = std::move(tag), .base_revision = {}, .fencing_token = {}});
    return done ? 200 : done.error().status();
  };
  EXPECT_EQ(status("*"), 200);
  EXPECT_EQ(status(std::string("\"x\" , ") + first_etag), 200);
  EXPECT_EQ(status(std::string("W/") + first_etag), 412);
  EXPECT_EQ(status("1-fe2cbaf25db7c4d9"), 412);
  EXPECT_EQ(status("\"1-\""), 412);
}

TEST_F(ArtifactTest, OnlyItsCreatorAndTheOwnerMayDeleteIt) {
  const Member other = add(buyer, "third-agent");
  const Artifact made = create(seller, "agreement.md").value();
  ASSERT_EQ(code_of(put(buyer, made, second_text)), "ok");
  EXPECT_EQ(code_of(remove(other, made)), "role_forbidden");
  EXPECT_EQ(code_of(remove(seller, made,
                           {.if_match = first_etag, .base_revision = {}, .fencing_token = {}})),
            "revision_conflict");
  ASSERT_EQ(code_of(remove(seller, made)), "ok");
  EXPECT_EQ(code_of(get(made)), "not_found");
  EXPECT_EQ(content_bytes(), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_revisions WHERE content IS NOT NULL"), 0);
  EXPECT_EQ(last_message(), "seller-agent deleted agreement.md.");
  const Artifact second = create(seller, "other.md").value();
  EXPECT_EQ(code_of(remove(buyer, second)), "ok");
}

TEST_F(ArtifactTest, TheAuditKeepsTheHashesAndNoContent) {
  const Artifact made = create(seller, "agreement.md").value();
  ASSERT_EQ(code_of(remove(seller, made)), "ok");
  const auto rows = read([&](Act& act) {
                      return act.run(
                          "SELECT event, detail FROM space_audit WHERE subject = $1 "
                          "ORDER BY seq",
                          made.id);
                    })
                        .value()
                        .rows;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].text(0), "artifact.created");
  EXPECT_EQ(rows[1].text(0), "artifact.deleted");
  for (const sql::Row& row : rows) {
    EXPECT_EQ(row.text(1), fmt::format(R"({{"revision":1,"sha256":"{}"}})", first_sha256));
  }
}

TEST_F(ArtifactTest, AnArtifactOfAnotherSpaceIsNotThere) {
  const Artifact made = create(seller, "agreement.md").value();
  const Member stranger = open();
  EXPECT_EQ(code_of(read([&](Act& act) { return read_artifact(act, stranger.space, made.id); })),
            "not_found");
  EXPECT_EQ(code_of(put(stranger, made, second_text)), "not_found");
  EXPECT_EQ(code_of(remove(stranger, made)), "not_found");
}

}  // namespace
}  // namespace kronborg::spaces

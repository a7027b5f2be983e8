#include "spaces/export.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "spaces/artifact.h"
#include "spaces/audit_list.h"
#include "spaces/fixture_test.h"
#include "spaces/invitation.h"
#include "spaces/message.h"

namespace kronborg::spaces {
namespace {

class ExportTest : public SpacesTest {
 protected:
  void SetUp() override {
    SpacesTest::SetUp();
    owner = open();
    member = add(owner, "seller-agent");
  }
  void say(std::string text, std::string type = "text") {
    const Caller sender = caller(member);
    write(
        [&](Act& act) {
          return post_messages(act, sender, {{.type = std::move(type), .content = text}});
        },
        by(member))
        .value();
  }
  Artifact make(std::string name, std::string content) {
    const Caller author = caller(member);
    return write(
               [&](Act& act) {
                 return create_artifact(act, author,
                                        {.name = name, .content = content, .note = {}});
               },
               by(member))
        .value();
  }
  base::Result<void> export_to(const ExportSink& sink) {
    return read([&](Act& act) -> base::Result<void> {
      TRY(const Space space, read_space(act, owner.space));
      return export_space(act, space, sink);
    });
  }
  std::string whole() {
    std::string text;
    EXPECT_EQ(code_of(export_to([&](std::string_view piece) {
                EXPECT_LE(piece.size(), 65'536U);
                text += piece;
                return true;
              })),
              "ok");
    return text;
  }
  static std::vector<base::json::object> lines_of(std::string_view text) {
    std::vector<base::json::object> lines;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      lines.push_back(base::parse_json(text.substr(0, end)).value().as_object());
      EXPECT_EQ(lines.back().begin()->key(), "type");
      text.remove_prefix(end + 1);
    }
    return lines;
  }
  static std::vector<base::json::object> of_type(std::string_view text, std::string_view type) {
    std::vector<base::json::object> found;
    for (auto& line : lines_of(text)) {
      if (line.at("type").as_string() == type) found.push_back(std::move(line));
    }
    return found;
  }

  Member owner, member;
};

TEST_F(ExportTest, EveryKindOfLineInItsOrder) {
  say("hello");
  make("agreement.md", "# Agreement");
  write([&](Act& act) -> base::Result<void> {
    TRY(const Space space, read_space(act, owner.space));
    TRY_VOID(invite(act, space, {}));
    return {};
  }).value();
  std::string order;
  for (const auto& line : lines_of(whole())) {
    const std::string type(line.at("type").as_string());
    if (!order.ends_with(" " + type)) order += " " + type;
  }
  EXPECT_EQ(order, " header space participant invitation key message artifact revision audit end");
}

TEST_F(ExportTest, TheHeaderAndTheSpace) {
  const auto lines = lines_of(whole());
  EXPECT_EQ(base::to_text(lines.at(0)),
            R"({"type":"header","format":"kronborg-space-export","version":1,)"
            R"("origin":"https://kronborg.example","exportedAt":"2026-11-02T09:00:00.000Z"})");
  EXPECT_EQ(lines.at(1).at("spaceId").as_string(), owner.space_id);
}

TEST_F(ExportTest, TheEndProvesTheRest) {
  say("hello");
  const std::string text = whole();
  const std::size_t end = text.rfind('\n', text.size() - 2) + 1;
  const auto last = lines_of(text).back();
  EXPECT_EQ(last.at("type").as_string(), "end");
  EXPECT_EQ(last.at("lines").as_int64(), static_cast<std::int64_t>(lines_of(text).size()) - 1);
  EXPECT_EQ(last.at("sha256").as_string(),
            base::hex(crypto::sha256(base::bytes_of(std::string_view(text).substr(0, end)))));
}

TEST_F(ExportTest, MessagesKeepTheirTypeUnderAnotherName) {
  say("<p>x</p>", "html");
  const auto messages = of_type(whole(), "message");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].at("messageType").as_string(), "html");
  EXPECT_EQ(messages[0].at("content").as_string(), "<p>x</p>");
  EXPECT_EQ(messages[0].at("sender").at("participantId").as_string(), member.id);
}

TEST_F(ExportTest, RevisionsHaveTheirContent) {
  const Artifact artifact = make("a.md", std::string(200'000, '"'));
  const Caller author = caller(member);
  write([&](Act& act) {
    return write_artifact(act, author, artifact.id,
                          {.content = "second", .name = {}, .note = "shorter"}, {});
  }).value();
  const auto revisions = of_type(whole(), "revision");
  ASSERT_EQ(revisions.size(), 2U);
  EXPECT_EQ(revisions[0].at("artifactId").as_string(), artifact.id);
  EXPECT_EQ(revisions[0].at("content").as_string(), std::string(200'000, '"'));
  EXPECT_EQ(revisions[1].at("content").as_string(), "second");
  EXPECT_EQ(revisions[1].at("note").as_string(), "shorter");
}

TEST_F(ExportTest, NoKeyAndNoHashOfOneIsInIt) {
  const std::string text = whole();
  EXPECT_EQ(of_type(text, "key").size(), 2U);
  for (const Member& one : {owner, member}) {
    EXPECT_TRUE(text.contains(one.key_id));
    EXPECT_FALSE(text.contains(one.key));
    EXPECT_FALSE(text.contains(credential::hash_text(one.hash)));
  }
}

TEST_F(ExportTest, ManyRowsAreAllThere) {
  for (int i = 0; i < 250; ++i) say(std::to_string(i));
  const auto messages = of_type(whole(), "message");
  ASSERT_GE(messages.size(), 250U);
  std::int64_t seq = 0;
  for (const auto& message : messages) EXPECT_EQ(message.at("seq").as_int64(), ++seq);
}

TEST_F(ExportTest, ASinkThatWantsNoMoreEndsIt) {
  for (int i = 0; i < 10; ++i) say(std::string(60'000, 'x'));
  int pieces = 0;
  std::string text;
  EXPECT_EQ(code_of(export_to([&](std::string_view piece) {
              text += piece;
              return ++pieces < 3;
            })),
            "ok");
  EXPECT_EQ(pieces, 3);
  EXPECT_FALSE(text.contains(R"("type":"end")"));
}

TEST_F(ExportTest, TheAuditAsInTheWalk) {
  const auto page = read([&](Act& act) { return list_audit(act, owner.space, 0, 2); }).value();
  ASSERT_EQ(page.entries.size(), 2U);
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.last, 2);
  // Step 42 of space-walk.http; nobody's address and request are left out.
  EXPECT_EQ(base::to_text(render(page.entries[0])),
            R"({"eventId":")" + page.entries[0].id +
                R"(","seq":1,"at":"2026-11-02T09:00:00.000Z","event":"space.created",)"
                R"("actor":{"kind":"participant","participantId":")" +
                owner.id + R"("}})");
  write(
      [&](Act& act) {
        return act.note(owner.space, {.event = "key.revoked",
                                      .subject = member.id,
                                      .key_id = member.key_id,
                                      .detail = {{"reason", "kicked"}}});
      },
      by(owner))
      .value();
  const auto all = read([&](Act& act) { return list_audit(act, owner.space, 2, 500); }).value();
  EXPECT_FALSE(all.has_more);
  const AuditEntry& last = all.entries.back();
  EXPECT_EQ(base::to_text(render(last)),
            R"({"eventId":")" + last.id + R"(","seq":)" + std::to_string(last.seq) +
                R"(,"at":"2026-11-02T09:00:00.000Z","event":"key.revoked",)"
                R"("actor":{"kind":"participant","participantId":")" +
                owner.id + R"("},"subject":")" + member.id + R"(","keyId":")" + member.key_id +
                R"(","sourceAddress":"198.51.100.7","requestId":"test",)"
                R"("detail":{"reason":"kicked"}})");
}

}  // namespace
}  // namespace kronborg::spaces

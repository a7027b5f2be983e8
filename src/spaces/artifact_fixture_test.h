#pragma once

#include "spaces/artifact.h"
#include "spaces/fixture_test.h"
#include "spaces/message.h"

namespace kronborg::spaces {

// The documents of space-walk.http, steps 21, 25 and 29, with the hashes that stand there.
inline constexpr auto first_text =
    "# Licence 2027\n\n- Price: 41,000 per year\n- Term: 24 months\n";
inline constexpr auto second_text =
    "# Licence 2027\n\n- Price: 39,500 per year\n- Term: 24 months\n";
inline constexpr auto third_text =
    "# Licence 2027\n\n- Price: 39,500 per year\n- Term: 24 months\n- Price freeze: 36 months\n";
inline constexpr auto first_sha256 =
    "fe2cbaf25db7c4d9e3f74de6755d3a9f4685c221ecd2d3854fc64fac3fff7fdd";
inline constexpr auto first_etag = "\"1-fe2cbaf25db7c4d9\"";
inline constexpr auto second_etag = "\"2-9c473d51b67edbaf\"";
inline constexpr auto third_etag = "\"3-35acaeb658a8ad03\"";

/// The value of a detail of an error, as text.
inline std::string detail(const base::Error& error, std::string_view name) {
  for (const base::Detail& found : error.details) {
    if (found.name != name) continue;
    if (const auto* text = std::get_if<std::string>(&found.value)) return *text;
    if (const auto* made = std::get_if<base::JsonText>(&found.value)) return made->text;
    return std::to_string(std::get<std::int64_t>(found.value));
  }
  return "absent";
}

class ArtifactTest : public SpacesTest {
 protected:
  void SetUp() override {
    SpacesTest::SetUp();
    buyer = open();
    seller = add(buyer, "seller-agent");
    ears.take();
  }

  base::Result<Artifact> create(const Member& who, std::string name,
                                std::string content = first_text) {
    const Caller by_whom = caller(who);
    return write(
        [&](Act& act) {
          return create_artifact(act, by_whom, {.name = name, .content = content, .note = {}});
        },
        by(who));
  }
  base::Result<Artifact> put(const Member& who, const Artifact& artifact, ArtifactChange change,
                             const Condition& condition = {}) {
    const Caller by_whom = caller(who);
    return write(
        [&](Act& act) { return write_artifact(act, by_whom, artifact.id, change, condition); },
        by(who));
  }
  base::Result<Artifact> put(const Member& who, const Artifact& artifact, std::string content,
                             const Condition& condition = {}) {
    return put(who, artifact, ArtifactChange{.content = std::move(content), .name = {}, .note = {}},
               condition);
  }
  base::Result<void> remove(const Member& who, const Artifact& artifact,
                            const Condition& condition = {}) {
    const Caller by_whom = caller(who);
    return write([&](Act& act) { return delete_artifact(act, by_whom, artifact.id, condition); },
                 by(who));
  }
  Artifact lock(const Member& who, const Artifact& artifact) {
    const Caller by_whom = caller(who);
    return write([&](Act& act) { return lock_artifact(act, by_whom, artifact.id, 60); }).value();
  }
  base::Result<Artifact> get(const Artifact& artifact) {
    return read([&](Act& act) { return read_artifact(act, buyer.space, artifact.id); });
  }
  base::Result<Revision> revision(const Artifact& artifact, std::int64_t number) {
    return read([&](Act& act) { return read_revision(act, artifact, number); });
  }
  std::string last_message() {
    return read([&](Act& act) { return read_messages(act, buyer.space, 0, 500); })
        .value()
        .messages.back()
        .content;
  }
  std::int64_t content_bytes() { return *number("SELECT content_bytes FROM spaces"); }
  void set_content_bytes(std::int64_t bytes) {
    ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
                TRY_VOID(act.run("UPDATE spaces SET content_bytes = $1", bytes));
                return {};
              })),
              "ok");
  }

  Member buyer, seller;
};

}  // namespace kronborg::spaces

#include "spaces/space.h"

#include "spaces/artifact.h"
#include "spaces/fixture_test.h"
#include "spaces/invitation.h"

// docs/protocol/spaces.md section 4.

namespace kronborg::spaces {
namespace {

class SpaceTest : public SpacesTest {
 protected:
  static NewSpace named(std::string name) {
    NewSpace wanted;
    wanted.name = std::move(name);
    return wanted;
  }
  static NewSpace open_to_all(std::string name, std::string description = {}) {
    NewSpace wanted = named(std::move(name));
    wanted.description = std::move(description);
    wanted.is_public = true;
    return wanted;
  }
  Space space_of(const Member& member) {
    return read([&](Act& act) { return read_space(act, member.space); }).value();
  }
  base::Result<Space> change(const Member& owner, const SpaceChange& change) {
    return write([&](Act& act) { return update_space(act, owner.space, change); }, by(owner));
  }
  base::Result<Space> close(const Member& owner, std::optional<std::string> reason = {},
                            std::optional<std::int64_t> retention_days = {}) {
    return write(
        [&](Act& act) {
          return close_space(act, owner.space, SpaceEnd::closed, reason, retention_days);
        },
        by(owner));
  }
  Listings listed(std::optional<std::string> q = {}, std::int64_t before = 0, int limit = 50) {
    return read([&](Act& act) { return list_public(act, q, before, limit); }).value();
  }
  static std::vector<std::string> names(const Listings& page) {
    std::vector<std::string> all;
    for (const Listing& listing : page.spaces) all.push_back(listing.space.name);
    return all;
  }
};

TEST_F(SpaceTest, CreatesASpaceWithTheDefaultsOfTheProtocol) {
  const Member owner = open(named("Licence renewal 2027"));
  const base::json::object shown = render(space_of(owner));
  EXPECT_EQ(base::to_text(shown),
            R"({"spaceId":")" + owner.space_id +
                R"(","name":"Licence renewal 2027","description":"","privacy":"private",)"
                R"("requiresApproval":true,"requireVerified":false,"ownerId":")" +
                owner.id +
                R"(","createdAt":"2026-11-02T09:00:00.000Z",)"
                R"("updatedAt":"2026-11-02T09:00:00.000Z","retentionDays":30,"status":"open",)"
                R"("ownerless":false,"lastSeq":0})");
  const Caller caller = this->caller(owner);
  EXPECT_EQ(caller.type, KeyType::owner);
  EXPECT_EQ(text_of(caller.holder), owner.id);
  EXPECT_EQ(audit(owner.space),
            (std::vector<std::string>{"space.created - - -",
                                      "key.minted " + owner.id + " " + owner.key_id + " -"}));
}

TEST_F(SpaceTest, APublicSpaceNeedsNoApprovalUnlessAsked) {
  EXPECT_FALSE(space_of(open(open_to_all("a"))).requires_approval);
  NewSpace strict = open_to_all("b");
  strict.requires_approval = true;
  EXPECT_TRUE(space_of(open(strict)).requires_approval);
}

TEST_F(SpaceTest, StopsAtTheMostOpenSpacesAndGoesOnWhenOneCloses) {
  place->parts().max_open = 2;
  const Member first = open();
  open();
  const auto third = write([](Act& act) { return create_space(act, named("third")); });
  EXPECT_EQ(code_of(third), "store_full");
  ASSERT_EQ(code_of(close(first)), "ok");
  open();
  EXPECT_EQ(number("SELECT open_spaces FROM space_counter"), 2);
}

TEST_F(SpaceTest, NumbersAreNotUsedTwice) {
  const Member first = open();
  place->parts().max_open = 1;
  EXPECT_EQ(code_of(write([](Act& act) { return create_space(act, named("no")); })), "store_full");
  place->parts().max_open = 2;
  start();
  EXPECT_EQ(open().space, first.space + 1);
}

TEST_F(SpaceTest, ChangesWhatIsGivenAndNothingElse) {
  NewSpace wanted = named("Before");
  wanted.agenda = "Talk";
  wanted.ttl_s = 3'600;
  const Member owner = open(wanted);
  ears.take();
  clock.step(1'000);
  SpaceChange wish;
  wish.name = "After";
  wish.is_public = true;
  wish.agenda.emplace();
  const auto changed = change(owner, wish);
  ASSERT_EQ(code_of(changed), "ok");
  EXPECT_EQ(changed->name, "After");
  EXPECT_TRUE(changed->is_public);
  EXPECT_TRUE(changed->requires_approval);
  EXPECT_EQ(changed->agenda, std::nullopt);
  EXPECT_EQ(changed->expires_at_ms, test_time_ms + 3'600'000);
  EXPECT_EQ(changed->updated_at_ms, test_time_ms + 1'000);
  EXPECT_EQ(changed->last_seq, 1);  // the system says so
  EXPECT_EQ(audit(owner.space).back(),
            "space.updated - " + owner.key_id + R"( {"members":["name","agenda","privacy"]})");
  EXPECT_EQ(ears.take_texts().back(),
            R"(space {"action":"updated","space":{"spaceId":")" + owner.space_id +
                R"(","name":"After","status":"open","updatedAt":"2026-11-02T09:00:01.000Z",)"
                R"("expiresAt":"2026-11-02T10:00:00.000Z"}})");
}

TEST_F(SpaceTest, AChangeOfNothingHasNoEffect) {
  const Member owner = open();
  clock.step(1'000);
  ASSERT_EQ(code_of(change(owner, {})), "ok");
  EXPECT_EQ(space_of(owner).updated_at_ms, test_time_ms);
  EXPECT_EQ(audit_events(owner.space).back(), "key.minted");
}

TEST_F(SpaceTest, ANewTtlCountsFromNowAndBindsKeysThatAreRemembered) {
  const Member owner = open();
  ASSERT_EQ(state(owner), "alive");  // remembered from here on
  clock.step(5'000);
  SpaceChange wish;
  wish.ttl_s = std::optional<std::int64_t>(60);
  ASSERT_EQ(code_of(change(owner, wish)), "ok");
  clock.step(59'999);
  EXPECT_EQ(state(owner), "alive");
  clock.step(1);
  EXPECT_EQ(state(owner), "space_closed/ttl");
}

TEST_F(SpaceTest, NullTakesTheTtlOff) {
  NewSpace wanted = named("Test");
  wanted.ttl_s = 60;
  const Member owner = open(wanted);
  SpaceChange wish;
  wish.ttl_s.emplace();
  ASSERT_EQ(code_of(change(owner, wish)), "ok");
  clock.step(60'000);
  EXPECT_EQ(state(owner), "alive");
}

TEST_F(SpaceTest, ClosingEndsEveryKeyAndTellsTheReaders) {
  const Member owner = open();
  const Member guest = add(owner, "guest", KeyType::observer);
  const auto invited = write([&](Act& act) -> base::Result<Invited> {
    TRY(const Space space, read_space(act, owner.space));
    return invite(act, space, {});
  });
  ASSERT_EQ(code_of(invited), "ok");
  ASSERT_EQ(state(guest), "alive");
  ears.take();
  clock.step(40);
  const auto closed = close(owner, "Signed elsewhere.", 7);
  ASSERT_EQ(code_of(closed), "ok");
  EXPECT_EQ(closed->closed_at_ms, test_time_ms + 40);
  EXPECT_EQ(closed->erase_at_ms, test_time_ms + 40 + 7 * day_ms);
  EXPECT_EQ(state(owner), "space_closed/closed");
  EXPECT_EQ(state(guest), "space_closed/closed");
  EXPECT_EQ(state(invited->key.hash()), "space_closed/closed");
  EXPECT_EQ(audit(owner.space).back(), "space.closed - " + owner.key_id +
                                           R"( {"reason":"closed","text":"Signed elsewhere."})");
  const auto heard = ears.take();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[0].notice->kind, NoticeKind::space);
  EXPECT_EQ(heard[1].notice->kind, NoticeKind::key_ended);
  EXPECT_EQ(heard[1].notice->data, R"({"code":"space_closed","reason":"closed"})");
  EXPECT_TRUE(heard[1].notice->ends_space);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_invitations WHERE state = 'live'"), 0);
}

TEST_F(SpaceTest, ClosingEndsPendingJoinsAndLocks) {
  const Member owner = open();
  const std::string pending = add_pending(owner, "waiting", test_time_ms + join_request_ms);
  const auto locked = write(
      [&](Act& act) -> base::Result<Artifact> {
        const Caller caller = std::get<Caller>(read_key(act.run, owner.hash, act.now_ms).value());
        NewArtifact wanted;
        wanted.name = "agreement.md";
        TRY(const Artifact artifact, create_artifact(act, caller, wanted));
        return lock_artifact(act, caller, artifact.id, 600);
      },
      by(owner));
  ASSERT_EQ(code_of(locked), "ok");
  ASSERT_EQ(code_of(close(owner)), "ok");
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_participants WHERE status = 'expired'"), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_artifacts WHERE lock_until_ms IS NOT NULL"), 0);
}

TEST_F(SpaceTest, ClosingTwiceIsClosingOnce) {
  const Member owner = open();
  ASSERT_EQ(code_of(close(owner)), "ok");
  clock.step(1'000);
  const auto again = close(owner);
  ASSERT_EQ(code_of(again), "ok");
  EXPECT_EQ(again->closed_at_ms, test_time_ms);
  EXPECT_EQ(number("SELECT open_spaces FROM space_counter"), 0);
}

TEST_F(SpaceTest, AKeyThatDiedBeforeKeepsItsReason) {
  const Member owner = open();
  const Member kicked = add(owner, "kicked");
  const Member lapsed = add(owner, "lapsed", KeyType::participant, 3'600);
  ASSERT_EQ(code_of(write([&](Act& act) {
              return end_keys_of(act, owner.space, kicked.id, KeyEnd::kicked);
            })),
            "ok");
  clock.step(3'600'000);  // nothing has swept meanwhile
  ASSERT_EQ(code_of(close(owner)), "ok");
  EXPECT_EQ(state(kicked), "key_revoked/kicked");
  EXPECT_EQ(state(lapsed), "key_expired/expired");
  EXPECT_EQ(state(owner), "space_closed/closed");
}

TEST_F(SpaceTest, TheShortFormsNameTheSpaceInTheirOwnOrder) {
  const Space space = space_of(open(named("Short")));
  EXPECT_EQ(base::to_text(render_brief(space, true)),
            R"({"spaceId":")" + space.id +
                R"(","name":"Short","status":"open","updatedAt":"2026-11-02T09:00:00.000Z"})");
  EXPECT_EQ(base::to_text(render_brief(space, false)),
            R"({"status":"open","name":"Short","updatedAt":"2026-11-02T09:00:00.000Z"})");
}

TEST_F(SpaceTest, TheDirectoryHoldsOpenPublicSpacesNewestFirst) {
  const Member first = open(open_to_all("first"));
  open(named("hidden"));
  const Member closed = open(open_to_all("closed"));
  open(open_to_all("last"));
  add(first, "guest");
  add_pending(first, "waiting", test_time_ms + join_request_ms);
  ASSERT_EQ(code_of(close(closed)), "ok");
  const Listings page = listed();
  EXPECT_EQ(names(page), (std::vector<std::string>{"last", "first"}));
  EXPECT_FALSE(page.has_more);
  EXPECT_EQ(page.spaces[1].participant_count, 2);
  EXPECT_EQ(page.spaces[1].agent_link, std::nullopt);
}

TEST_F(SpaceTest, TheDirectoryGoesOnBehindACursor) {
  for (const char* name : {"a", "b", "c"}) open(open_to_all(name));
  const Listings one = listed({}, 0, 2);
  EXPECT_EQ(names(one), (std::vector<std::string>{"c", "b"}));
  EXPECT_TRUE(one.has_more);
  const Listings two = listed({}, one.last, 2);
  EXPECT_EQ(names(two), (std::vector<std::string>{"a"}));
  EXPECT_FALSE(two.has_more);
  EXPECT_TRUE(listed({}, two.last, 2).spaces.empty());
}

TEST_F(SpaceTest, AnEmptyDirectoryHasACursorThatStaysAtItsEnd) {
  const Listings none = listed();
  EXPECT_FALSE(none.has_more);
  open(open_to_all("later"));
  EXPECT_TRUE(listed({}, none.last).spaces.empty());
}

TEST_F(SpaceTest, TheDirectoryIsSearchedInNamesAndDescriptions) {
  open(open_to_all("Harbour master", "tides"));
  open(open_to_all("Other", "all about the HARBOUR"));
  open(open_to_all("Nothing", "of it"));
  EXPECT_EQ(names(listed("harbour")), (std::vector<std::string>{"Other", "Harbour master"}));
  EXPECT_TRUE(listed("100%").spaces.empty());
  EXPECT_TRUE(listed("_ther").spaces.empty());
}

TEST_F(SpaceTest, TheDirectoryHidesWhatIsOverBeforeItIsSwept) {
  NewSpace wanted = open_to_all("short");
  wanted.ttl_s = 60;
  open(wanted);
  clock.step(60'000);
  EXPECT_TRUE(listed().spaces.empty());
}

TEST_F(SpaceTest, TheDirectoryLinksOnlyListedInvitations) {
  const Member owner = open(open_to_all("open house"));
  const auto invited = write([&](Act& act) -> base::Result<Invited> {
    TRY(const Space space, read_space(act, owner.space));
    TRY_VOID(invite(act, space, {}));
    NewInvitation wanted;
    wanted.listed = true;
    wanted.expires_in_s = 60;
    return invite(act, space, wanted);
  });
  ASSERT_EQ(code_of(invited), "ok");
  EXPECT_EQ(listed().spaces.at(0).agent_link, "https://kronborg.example/space/" + owner.space_id +
                                                  "/" + std::string(invited->key.text().reveal()) +
                                                  "/.well-known/agent.md");
  clock.step(60'000);
  EXPECT_EQ(listed().spaces.at(0).agent_link, std::nullopt);
}

}  // namespace
}  // namespace kronborg::spaces

#include "spaces/keys.h"

#include "spaces/artifact.h"
#include "spaces/fixture_test.h"
#include "spaces/invitation.h"

// docs/protocol/spaces.md sections 2 and 11.

namespace kronborg::spaces {
namespace {

class KeysTest : public SpacesTest {
 protected:
  void SetUp() override {
    SpacesTest::SetUp();
    owner = open();
    guest = add(owner, "guest");
    ears.take();
  }

  /// The new key, as a member, and what was answered.
  struct Turned {
    Member member;
    Rotated rotated;
  };
  Turned rotate(const Member& member, std::int64_t grace_s = 0,
                std::optional<std::int64_t> expires_in_s = {}) {
    const Caller caller = this->caller(member);
    auto rotated =
        write([&](Act& act) { return rotate_key(act, caller, grace_s, expires_in_s); }, by(member));
    EXPECT_EQ(code_of(rotated), "ok");
    Member next = member;
    next.key_id = rotated->key.key_id;
    next.hash = rotated->key.key.hash();
    return {std::move(next), *std::move(rotated)};
  }
  base::Result<KeyRecord> revoke(const Member& member, const std::string& key_id,
                                 bool force = false) {
    const Caller caller = this->caller(member);
    return write([&](Act& act) { return revoke_key(act, caller, key_id, force); }, by(member));
  }
  base::Result<Invited> invite_one() {
    return write([&](Act& act) -> base::Result<Invited> {
      TRY(const Space space, read_space(act, owner.space));
      return invite(act, space, {});
    });
  }
  base::Result<Artifact> lock(const Member& member) {
    return write(
        [&](Act& act) -> base::Result<Artifact> {
          TRY(const auto found, read_key(act.run, member.hash, act.now_ms));
          NewArtifact wanted;
          wanted.name = "agreement.md";
          const auto& caller = std::get<Caller>(found);
          TRY(const Artifact artifact, create_artifact(act, caller, wanted));
          return lock_artifact(act, caller, artifact.id, 600);
        },
        by(member));
  }
  std::vector<KeyRecord> listed(std::optional<std::string_view> holder = {}) {
    return read([&](Act& act) { return list_keys(act, owner.space, holder); }).value();
  }
  static std::vector<std::string> ids(const std::vector<KeyRecord>& keys) {
    std::vector<std::string> all;
    for (const KeyRecord& key : keys) all.push_back(key.id);
    return all;
  }

  Member owner, guest;
};

TEST_F(KeysTest, OnlyTheHashOfAKeyIsStored) {
  EXPECT_EQ(guest.key.size(), 64U);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_keys"), 2);
  const auto stored = read([&](Act& act) -> base::Result<std::string> {
    TRY(const auto rows, act.run("SELECT hash, hint FROM space_keys WHERE id = $1", guest.key_id));
    return rows.rows.at(0).text(0) + " " + rows.rows.at(0).text(1);
  });
  EXPECT_EQ(*stored, credential::hash_text(guest.hash) + " " + guest.key.substr(60));
}

TEST_F(KeysTest, AKeyEndsWithItsOwnEnd) {
  const Member brief = add(owner, "brief", KeyType::participant, 3'600);
  EXPECT_EQ(caller(brief).key_expires_at_ms, test_time_ms + 3'600'000);
  clock.step(3'599'999);
  EXPECT_EQ(state(brief), "alive");
  clock.step(1);
  EXPECT_EQ(state(brief), "key_expired/expired");
  EXPECT_EQ(state(guest), "alive");
}

TEST_F(KeysTest, TheRecordSaysWhatSectionTwoLists) {
  clock.step(1'000);
  ASSERT_EQ(code_of(revoke(guest, guest.key_id)), "ok");
  const auto keys = listed(guest.id);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(base::to_text(render(keys[0], guest.space_id)),
            R"({"keyId":")" + guest.key_id + R"(","keyType":"participant","spaceId":")" +
                guest.space_id + R"(","participantId":")" + guest.id + R"(","hint":")" +
                guest.key.substr(60) +
                R"(","createdAt":"2026-11-02T09:00:00.000Z",)"
                R"("revokedAt":"2026-11-02T09:00:01.000Z","revokedReason":"revoked"})");
}

TEST_F(KeysTest, TheKeyOfAnInvitationIsListedForTheOwner) {
  clock.step(1);
  const auto invited = invite_one();
  ASSERT_EQ(code_of(invited), "ok");
  const auto keys = listed();
  ASSERT_EQ(keys.size(), 3U);
  const auto shown = render(keys.back(), owner.space_id);
  EXPECT_EQ(shown.at("invitationId").as_string(), invited->invitation.id);
  EXPECT_FALSE(shown.contains("participantId"));
}

TEST_F(KeysTest, AKeyWhoseTimeIsOverIsListedAsDeadBeforeTheSweep) {
  add(owner, "brief", KeyType::participant, 3'600);
  clock.step(3'600'000);
  int dead = 0;
  for (const KeyRecord& key : listed()) {
    if (!key.ended_at_ms) continue;
    ++dead;
    EXPECT_EQ(key.end, KeyEnd::expired);
    EXPECT_EQ(*key.ended_at_ms, test_time_ms + 3'600'000);
  }
  EXPECT_EQ(dead, 1);
}

TEST_F(KeysTest, RotationWithoutGraceEndsTheOldKeyAtOnce) {
  ASSERT_EQ(state(guest), "alive");
  clock.step(30);
  const Turned turned = rotate(guest);
  EXPECT_EQ(state(guest), "key_revoked/rotated");
  EXPECT_EQ(state(turned.member), "alive");
  EXPECT_EQ(caller(turned.member).type, KeyType::participant);
  EXPECT_EQ(turned.rotated.previous_key_id, guest.key_id);
  EXPECT_EQ(turned.rotated.previous_valid_until_ms, test_time_ms + 30);
  EXPECT_TRUE(turned.rotated.ended_caller);
  EXPECT_EQ(ears.take_texts(),
            (std::vector<std::string>{
                R"(key_revoked {"code":"key_revoked","reason":"rotated","keyId":")" + guest.key_id +
                R"("})"}));
  const auto lines = audit(owner.space);
  ASSERT_GE(lines.size(), 3U);
  EXPECT_EQ(lines[lines.size() - 3], "key.minted " + guest.id + " " + turned.member.key_id + " -");
  EXPECT_TRUE(lines[lines.size() - 2].starts_with("key.rotated " + guest.id + " " + guest.key_id));
  EXPECT_EQ(lines.back(),
            "key.revoked " + guest.id + " " + guest.key_id + R"( {"reason":"rotated"})");
}

TEST_F(KeysTest, DuringGraceBothKeysWork) {
  const Turned turned = rotate(guest, 600);
  EXPECT_FALSE(turned.rotated.ended_caller);
  EXPECT_EQ(turned.rotated.previous_valid_until_ms, test_time_ms + 600'000);
  clock.step(599'999);
  EXPECT_EQ(state(guest), "alive");
  EXPECT_EQ(state(turned.member), "alive");
  clock.step(1);
  EXPECT_EQ(state(guest), "key_revoked/rotated");
  EXPECT_EQ(state(turned.member), "alive");
}

TEST_F(KeysTest, GraceNeverProlongsAKey) {
  const Member brief = add(owner, "brief", KeyType::participant, 3'600);
  const Turned turned = rotate(brief, 7'200);
  EXPECT_EQ(turned.rotated.previous_valid_until_ms, test_time_ms + 3'600'000);
  clock.step(3'600'000);
  EXPECT_EQ(state(brief), "key_expired/expired");
}

TEST_F(KeysTest, AFurtherRotationEndsTheOldestAtOnce) {
  const Turned second = rotate(guest, 600);
  const Turned third = rotate(second.member, 600);
  EXPECT_EQ(state(guest), "key_revoked/rotated");
  EXPECT_EQ(state(second.member), "alive");
  EXPECT_EQ(state(third.member), "alive");
  EXPECT_EQ(third.rotated.previous_key_id, second.member.key_id);
}

TEST_F(KeysTest, RotatingWithTheKeyInGraceEndsThatKey) {
  const Turned second = rotate(guest, 600);
  const Turned third = rotate(guest, 600);
  EXPECT_TRUE(third.rotated.ended_caller);
  EXPECT_EQ(state(guest), "key_revoked/rotated");
  EXPECT_EQ(state(second.member), "alive");
  clock.step(600'000);
  EXPECT_EQ(state(second.member), "key_revoked/rotated");
  EXPECT_EQ(state(third.member), "alive");
}

TEST_F(KeysTest, TheNewKeyHasTheEndThatWasAskedFor) {
  const Turned turned = rotate(guest, 0, 3'600);
  EXPECT_EQ(turned.rotated.key.expires_at_ms, test_time_ms + 3'600'000);
  clock.step(3'600'000);
  EXPECT_EQ(state(turned.member), "key_expired/expired");
}

TEST_F(KeysTest, RotatingTheOwnerKeyLeavesNoMomentWithoutOne) {
  rotate(owner);
  EXPECT_EQ(number("SELECT COUNT(*) FROM spaces WHERE ownerless_at_ms IS NOT NULL"), 0);
}

TEST_F(KeysTest, TheOwnerMayEndAnyKeyAndOthersTheirOwn) {
  const Member other = add(owner, "other");
  EXPECT_EQ(code_of(revoke(guest, other.key_id)), "role_forbidden");
  EXPECT_EQ(code_of(revoke(guest, owner.key_id)), "role_forbidden");
  EXPECT_EQ(code_of(revoke(guest, "00000000-0000-4000-8000-000000000000")), "not_found");
  const auto ended = revoke(owner, other.key_id);
  ASSERT_EQ(code_of(ended), "ok");
  EXPECT_EQ(ended->end, KeyEnd::revoked);
  EXPECT_EQ(state(other), "key_revoked/revoked");
  EXPECT_EQ(code_of(revoke(guest, guest.key_id)), "ok");
  EXPECT_EQ(state(guest), "key_revoked/revoked");
}

TEST_F(KeysTest, AKeyOfAnotherSpaceIsNotThere) {
  const Member stranger = open();
  EXPECT_EQ(code_of(revoke(owner, stranger.key_id)), "not_found");
  EXPECT_EQ(state(stranger), "alive");
}

TEST_F(KeysTest, EndingADeadKeyAgainHasNoEffect) {
  ASSERT_EQ(code_of(revoke(owner, guest.key_id)), "ok");
  clock.step(1'000);
  const auto again = revoke(owner, guest.key_id);
  ASSERT_EQ(code_of(again), "ok");
  EXPECT_EQ(again->ended_at_ms, test_time_ms);
  EXPECT_EQ(number("SELECT dead_keys FROM space_counter"), 1);
}

TEST_F(KeysTest, TheOwnersLastKeyEndsByForceOnlyAndLeavesTheSpaceOwnerless) {
  const Caller used = caller(owner);
  ASSERT_EQ(code_of(write([&](Act& act) { return note_first_use(act, used); })), "ok");
  const auto invited = invite_one();
  ASSERT_EQ(code_of(invited), "ok");
  EXPECT_EQ(code_of(revoke(owner, owner.key_id)), "last_owner_key");
  EXPECT_EQ(state(owner), "alive");
  ASSERT_EQ(code_of(revoke(owner, owner.key_id, true)), "ok");
  const auto space = read([&](Act& act) { return read_space(act, owner.space); });
  EXPECT_TRUE(render(*space).at("ownerless").as_bool());
  EXPECT_EQ(state(owner), "key_revoked/revoked");
  EXPECT_NE(state(invited->key.hash()), "alive");
  ASSERT_EQ(state(guest), "alive");
  clock.step(ownerless_after_ms);
  EXPECT_EQ(state(guest), "space_closed/ownerless");
}

TEST_F(KeysTest, WithASecondLiveKeyTheOwnerMayEndOne) {
  const Turned turned = rotate(owner, 600);
  EXPECT_EQ(code_of(revoke(turned.member, owner.key_id)), "ok");
  EXPECT_EQ(code_of(revoke(turned.member, turned.member.key_id)), "last_owner_key");
}

TEST_F(KeysTest, TheLastKeyOfAParticipantTakesItsLocksAlong) {
  ASSERT_EQ(code_of(lock(guest)), "ok");
  ASSERT_EQ(code_of(revoke(owner, guest.key_id)), "ok");
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_artifacts WHERE lock_until_ms IS NOT NULL"), 0);
}

TEST_F(KeysTest, ALockStaysAsLongAsOneKeyLives) {
  ASSERT_EQ(code_of(lock(guest)), "ok");
  rotate(guest);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_artifacts WHERE lock_until_ms IS NOT NULL"), 1);
}

TEST_F(KeysTest, EndingTheKeyOfAnInvitationEndsTheInvitation) {
  const auto invited = invite_one();
  ASSERT_EQ(code_of(invited), "ok");
  ASSERT_EQ(code_of(write([&](Act& act) { return revoke_presented(act, invited->key.hash()); })),
            "ok");
  EXPECT_EQ(state(invited->key.hash()), "key_revoked/revoked_by_holder");
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_invitations WHERE state = 'revoked'"), 1);
}

TEST_F(KeysTest, WhoeverPresentsAKeyMayEndIt) {
  ears.take();
  ASSERT_EQ(code_of(write([&](Act& act) { return revoke_presented(act, guest.hash); })), "ok");
  EXPECT_EQ(state(guest), "key_revoked/revoked_by_holder");
  EXPECT_EQ(ears.take().at(0).notice->ended_key_id, guest.key_id);
  EXPECT_EQ(code_of(write([&](Act& act) { return revoke_presented(act, guest.hash); })), "ok");
  credential::SpaceKeyHash unknown{};
  EXPECT_EQ(code_of(write([&](Act& act) { return revoke_presented(act, unknown); })), "ok");
  EXPECT_EQ(number("SELECT dead_keys FROM space_counter"), 1);
}

TEST_F(KeysTest, EndingTheKeysOfAHolderNamesThoseThatWereAlive) {
  const Turned turned = rotate(guest, 600);
  const auto ended =
      write([&](Act& act) { return end_keys_of(act, owner.space, guest.id, KeyEnd::reissued); },
            by(owner));
  ASSERT_EQ(code_of(ended), "ok");
  EXPECT_EQ(ended->size(), 2U);
  EXPECT_EQ(state(guest), "key_revoked/reissued");
  EXPECT_EQ(state(turned.member), "key_revoked/reissued");
  EXPECT_EQ(state(owner), "alive");
}

TEST_F(KeysTest, TheFirstUseIsNotedOnceAndKeepsTheSpace) {
  ASSERT_FALSE(caller(owner).used_before);
  clock.step(2'000);
  for (int i = 0; i < 2; ++i) {
    const Caller used = caller(owner);
    ASSERT_EQ(code_of(write([&](Act& act) { return note_first_use(act, used); }, by(owner))), "ok");
  }
  EXPECT_TRUE(caller(owner).used_before);
  const auto events = audit_events(owner.space);
  EXPECT_EQ(std::ranges::count(events, "key.first_used"), 1);
  clock.step(unused_after_ms);
  EXPECT_EQ(state(owner), "alive");
}

TEST_F(KeysTest, TheFirstUseByAnotherDoesNotKeepTheSpace) {
  const Caller used = caller(guest);
  ASSERT_EQ(code_of(write([&](Act& act) { return note_first_use(act, used); }, by(guest))), "ok");
  clock.step(unused_after_ms);
  EXPECT_EQ(state(owner), "space_closed/unused");
  EXPECT_EQ(state(guest), "space_closed/unused");
}

}  // namespace
}  // namespace kronborg::spaces

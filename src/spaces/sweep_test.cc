#include "spaces/sweep.h"

#include "spaces/artifact.h"
#include "spaces/fixture_test.h"
#include "spaces/invitation.h"

// What happens by itself: docs/protocol/spaces.md sections 4.4, 6.2, 9.3, 11.2, 11.4 and 15.

namespace kronborg::spaces {
namespace {

class SweepTest : public SpacesTest {
 protected:
  void sweep(int rounds = 1) {
    Sweep sweep(parts());
    for (int i = 0; i < rounds; ++i) EXPECT_EQ(code_of(sweep.run_once()), "ok");
  }
  void step_and_sweep(std::int64_t ms, int rounds = 1) {
    clock.step(ms);
    sweep(rounds);
  }
  static NewSpace with_ttl(std::int64_t ttl_s) {
    NewSpace wanted;
    wanted.name = "Test";
    wanted.ttl_s = ttl_s;
    return wanted;
  }
  void use(const Member& member) {
    const Caller used = caller(member);
    EXPECT_EQ(code_of(write([&](Act& act) { return note_first_use(act, used); })), "ok");
  }
  base::Result<Artifact> lock(const Member& member, std::int64_t lease_s) {
    return write([&](Act& act) -> base::Result<Artifact> {
      TRY(const auto found, read_key(act.run, member.hash, act.now_ms));
      NewArtifact wanted;
      wanted.name = "agreement.md";
      wanted.content = "# Agreement";
      const auto& caller = std::get<Caller>(found);
      TRY(const Artifact artifact, create_artifact(act, caller, wanted));
      return lock_artifact(act, caller, artifact.id, lease_s);
    });
  }
  /// Rows of the space that hold what somebody wrote.
  std::int64_t content_rows() {
    return number(
               "SELECT (SELECT COUNT(*) FROM space_messages) + "
               "(SELECT COUNT(*) FROM space_artifacts) + (SELECT COUNT(*) FROM space_revisions) + "
               "(SELECT COUNT(*) FROM space_participants WHERE name <> '') + "
               "(SELECT COUNT(*) FROM spaces WHERE name <> '')")
        .value();
  }
};

TEST_F(SweepTest, ClosesASpaceWhenItsTtlIsOver) {
  const Member owner = open(with_ttl(60));
  ears.take();
  step_and_sweep(59'999);
  EXPECT_TRUE(ears.take().empty());
  step_and_sweep(1);
  const auto heard = ears.take();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[1].notice->data, R"({"code":"space_closed","reason":"ttl"})");
  EXPECT_EQ(state(owner), "space_closed/ttl");
  EXPECT_EQ(audit(owner.space).back(), R"(space.closed - - {"reason":"ttl"})");
  EXPECT_EQ(number("SELECT open_spaces FROM space_counter"), 0);
}

TEST_F(SweepTest, ATtlEndHasItsOwnTimeHoweverLateItIsSwept) {
  const Member owner = open(with_ttl(60));
  step_and_sweep(3'600'000);
  const auto space = read([&](Act& act) { return read_space(act, owner.space); });
  EXPECT_EQ(space->closed_at_ms, test_time_ms + 60'000);
  EXPECT_EQ(space->erase_at_ms, test_time_ms + 60'000 + 30 * day_ms);
}

TEST_F(SweepTest, TellsThatASpaceIsClosing300SecondsBefore) {
  const Member owner = open(with_ttl(3'600));
  ears.take();
  step_and_sweep(3'299'999);
  EXPECT_TRUE(ears.take().empty());
  step_and_sweep(1, 3);
  const auto texts = ears.take_texts();
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_TRUE(texts[0].starts_with(R"(space {"action":"closing","space":{"spaceId":")"));
  step_and_sweep(299'999);
  EXPECT_TRUE(ears.take().empty());
  step_and_sweep(1);
  EXPECT_EQ(state(owner), "space_closed/ttl");
}

TEST_F(SweepTest, TellsItAgainForANewTtlAndNeverForAShortOne) {
  const Member owner = open(with_ttl(300));
  const auto prolong = [&](std::int64_t ttl_s) {
    SpaceChange wish;
    wish.ttl_s = std::optional<std::int64_t>(ttl_s);
    ASSERT_EQ(code_of(write([&](Act& act) { return update_space(act, owner.space, wish); })), "ok");
    ears.take();
  };
  ears.take();
  step_and_sweep(1'000);
  EXPECT_TRUE(ears.take().empty());
  prolong(600);
  step_and_sweep(300'000);
  EXPECT_EQ(ears.take().size(), 1U);
  prolong(600);
  step_and_sweep(300'000);
  EXPECT_EQ(ears.take().size(), 1U);
}

TEST_F(SweepTest, ClosesWhatWasNeverUsedAfterSevenDays) {
  const Member unused = open();
  const Member used = open();
  use(used);
  step_and_sweep(unused_after_ms - 1);
  EXPECT_EQ(state(unused), "alive");
  step_and_sweep(1);
  EXPECT_EQ(state(unused), "space_closed/unused");
  EXPECT_EQ(state(used), "alive");
}

TEST_F(SweepTest, EndsKeysWhenTheirTimeHasCome) {
  const Member owner = open();
  use(owner);
  const Member guest = add(owner, "guest", KeyType::participant, 3'600);
  ears.take();
  step_and_sweep(3'600'500, 2);
  EXPECT_EQ(ears.take_texts(),
            (std::vector<std::string>{
                R"(key_revoked {"code":"key_expired","reason":"expired","keyId":")" + guest.key_id +
                R"("})"}));
  EXPECT_EQ(audit(owner.space).back(),
            "key.expired " + guest.id + " " + guest.key_id + R"( {"reason":"expired"})");
  EXPECT_EQ(number("SELECT ended_at_ms FROM space_keys WHERE ended_at_ms IS NOT NULL"),
            test_time_ms + 3'600'000);
  EXPECT_EQ(number("SELECT dead_keys FROM space_counter"), 1);
}

TEST_F(SweepTest, EndsTheGraceOfARotation) {
  const Member owner = open();
  const Caller caller = this->caller(owner);
  ASSERT_EQ(code_of(write([&](Act& act) { return rotate_key(act, caller, 600, {}); })), "ok");
  step_and_sweep(600'000);
  EXPECT_EQ(audit(owner.space).back(),
            "key.revoked " + owner.id + " " + owner.key_id + R"( {"reason":"rotated"})");
  EXPECT_EQ(number("SELECT COUNT(*) FROM spaces WHERE ownerless_at_ms IS NOT NULL"), 0);
}

TEST_F(SweepTest, ASpaceWhoseOwnerKeyExpiresIsOwnerlessAndClosesSevenDaysLater) {
  NewSpace wanted = with_ttl(31'536'000);
  wanted.owner_key_expires_in_s = 3'600;
  const Member owner = open(wanted);
  use(owner);
  const Member guest = add(owner, "guest");
  step_and_sweep(3'600'000);
  const auto events = audit_events(owner.space);
  EXPECT_EQ(events[events.size() - 1], "space.ownerless");
  EXPECT_EQ(state(guest), "alive");
  step_and_sweep(ownerless_after_ms);
  EXPECT_EQ(state(guest), "space_closed/ownerless");
  EXPECT_EQ(state(owner), "key_expired/expired");
}

TEST_F(SweepTest, ALastKeyThatExpiresReleasesItsLocks) {
  const Member owner = open();
  use(owner);
  const Member guest = add(owner, "guest", KeyType::participant, 3'600);
  clock.step(3'599'000);
  ASSERT_EQ(code_of(lock(guest, 600)), "ok");
  step_and_sweep(1'000);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_artifacts WHERE lock_until_ms IS NOT NULL"), 0);
}

TEST_F(SweepTest, EndsLocksAndJoinsAndInvitations) {
  const Member owner = open();
  use(owner);
  add_pending(owner, "waiting", test_time_ms + 60'000);
  ASSERT_EQ(code_of(lock(owner, 60)), "ok");
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              TRY(const Space space, read_space(act, owner.space));
              NewInvitation wanted;
              wanted.expires_in_s = 60;
              TRY_VOID(invite(act, space, wanted));
              return {};
            })),
            "ok");
  step_and_sweep(59'999);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_participants WHERE status = 'pending'"), 1);
  step_and_sweep(1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_participants WHERE status = 'expired'"), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_artifacts WHERE lock_until_ms IS NOT NULL"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_invitations WHERE state = 'expired'"), 1);
  const auto events = audit_events(owner.space);
  EXPECT_EQ(std::ranges::count(events, "join.expired"), 1);
  EXPECT_EQ(std::ranges::count(events, "lock.expired"), 1);
  EXPECT_EQ(std::ranges::count(events, "key.expired"), 1);
}

TEST_F(SweepTest, ErasesContentAtItsTimeAndTheRestNinetyDaysLater) {
  const Member owner = open();
  use(owner);
  ASSERT_EQ(code_of(lock(owner, 60)), "ok");
  ASSERT_EQ(code_of(write(
                [&](Act& act) { return close_space(act, owner.space, SpaceEnd::closed, {}, 1); })),
            "ok");
  step_and_sweep(day_ms - 1);
  EXPECT_GT(content_rows(), 0);
  step_and_sweep(1);
  EXPECT_EQ(content_rows(), 0);
  EXPECT_EQ(state(owner), "space_closed/closed");
  EXPECT_GT(number("SELECT COUNT(*) FROM space_audit").value(), 0);
  step_and_sweep(dead_key_ms - 1);
  EXPECT_GT(number("SELECT COUNT(*) FROM space_audit").value(), 0);
  step_and_sweep(1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM spaces"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_audit"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_participants"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_keys"), 0);
  EXPECT_EQ(number("SELECT dead_keys FROM space_counter"), 0);
}

TEST_F(SweepTest, ErasesALargeSpaceInPieces) {
  const Member owner = open();
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              for (int seq = 1; seq <= 1'000; ++seq) {
                TRY_VOID(
                    act.run("INSERT INTO space_messages (space, seq, id, at_ms, type, content, "
                            "sender_name, sender_key_type, sender_verified, redacted) "
                            "VALUES ($1, $2, $3, $4, 'text', 'words', 'owner', 'owner', 0, 0)",
                            owner.space, seq, act.new_id(), act.now_ms));
              }
              TRY_VOID(close_space(act, owner.space, SpaceEnd::closed, {}, 0));
              return {};
            })),
            "ok");
  sweep();
  EXPECT_EQ(content_rows(), 0);
}

TEST_F(SweepTest, ForgetsDeadKeysAfterNinetyDays) {
  const Member owner = open();
  use(owner);
  const Member guest = add(owner, "guest");
  ASSERT_EQ(code_of(write(
                [&](Act& act) { return end_keys_of(act, owner.space, guest.id, KeyEnd::kicked); })),
            "ok");
  step_and_sweep(dead_key_ms - 1);
  EXPECT_EQ(state(guest), "key_revoked/kicked");
  step_and_sweep(1);
  EXPECT_EQ(state(guest), "key_unknown");
  EXPECT_EQ(state(owner), "alive");
  EXPECT_EQ(number("SELECT dead_keys FROM space_counter"), 0);
}

TEST_F(SweepTest, DropsTheOldestDeadKeysWhenThereAreTooMany) {
  const Member owner = open();
  const Member first = add(owner, "first");
  const Member second = add(owner, "second");
  for (const Member& member : {first, second}) {
    clock.step(1);
    ASSERT_EQ(code_of(write([&](Act& act) {
                return end_keys_of(act, owner.space, member.id, KeyEnd::kicked);
              })),
              "ok");
  }
  ASSERT_EQ(code_of(write([](Act& act) -> base::Result<void> {
              TRY_VOID(act.run("UPDATE space_counter SET dead_keys = 5000001"));
              return {};
            })),
            "ok");
  sweep();
  EXPECT_EQ(state(first), "key_unknown");
  EXPECT_EQ(state(second), "key_revoked/kicked");
  EXPECT_EQ(number("SELECT dead_keys FROM space_counter"), 5'000'000);
}

TEST_F(SweepTest, CountsTheStoredAnswersThatItRemoves) {
  ASSERT_EQ(code_of(write([](Act& act) -> base::Result<void> {
              for (int i = 0; i < 3; ++i) {
                TRY_VOID(act.run(
                    "INSERT INTO space_answers (scope, credential, fingerprint, status, "
                    "content_type, body, created_at_ms) VALUES ($1, 'c', 'f', 200, 'j', '{}', $2)",
                    std::to_string(i), act.now_ms + i));
              }
              return {};
            })),
            "ok");
  clock.step(day_ms + 1);
  Sweep sweep(parts());
  ASSERT_EQ(code_of(sweep.run_once()), "ok");
  EXPECT_EQ(sweep.take_removed_answers(), 2);
  EXPECT_EQ(sweep.take_removed_answers(), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_answers"), 1);
}

TEST_F(SweepTest, CatchesUpWithEverythingBeforeTheFirstRequest) {
  std::vector<Member> owners;
  for (int i = 0; i < 120; ++i) owners.push_back(open(with_ttl(60 + i)));
  const Member guest = add(owners[0], "guest", KeyType::participant, 3'600);
  clock.step(2 * day_ms);
  start();
  ASSERT_EQ(code_of(catch_up(parts())), "ok");
  EXPECT_EQ(number("SELECT COUNT(*) FROM spaces WHERE state = 0"), 0);
  EXPECT_EQ(number("SELECT open_spaces FROM space_counter"), 0);
  // The space came to its end first: so did the key.
  EXPECT_EQ(state(guest), "space_closed/ttl");
}

TEST_F(SweepTest, WhatHasEndedStaysEndedWhenTheClockStepsBack) {
  const Member owner = open(with_ttl(60));
  step_and_sweep(59'000);  // writes the time
  clock.step(-3'600'000);
  start();
  ASSERT_EQ(code_of(load_clock(parts())), "ok");
  EXPECT_EQ(parts().time.now_ms(), test_time_ms + 59'000);
  EXPECT_EQ(state(owner), "alive");
}

TEST_F(SweepTest, WritesTheTimeEveryTenSecondsAndAtTheEnd) {
  const auto stored = [&] { return number("SELECT clock_ms FROM space_counter").value(); };
  Sweep sweep(parts());
  ASSERT_EQ(code_of(sweep.run_once()), "ok");
  EXPECT_EQ(stored(), test_time_ms);
  clock.step(9'999);
  ASSERT_EQ(code_of(sweep.run_once()), "ok");
  EXPECT_EQ(stored(), test_time_ms);
  clock.step(1);
  ASSERT_EQ(code_of(sweep.run_once()), "ok");
  EXPECT_EQ(stored(), test_time_ms + 10'000);
  clock.step(5);
  ASSERT_EQ(code_of(sweep.store_clock()), "ok");
  EXPECT_EQ(stored(), test_time_ms + 10'005);
}

}  // namespace
}  // namespace kronborg::spaces

#include <fmt/format.h>

#include "spaces/artifact.h"
#include "spaces/fixture_test.h"

// Leased locks with fencing tokens: docs/protocol/spaces.md section 9.3.

namespace kronborg::spaces {
namespace {

class LockTest : public SpacesTest {
 protected:
  void SetUp() override {
    SpacesTest::SetUp();
    buyer = open();
    seller = add(buyer, "seller-agent");
    const Caller by_seller = caller(seller);
    artifact = write([&](Act& act) {
                 return create_artifact(act, by_seller,
                                        {.name = "agreement.md", .content = "text", .note = {}});
               }).value();
    ears.take();
  }

  base::Result<Artifact> lock(const Member& who, std::int64_t lease_s = 60) {
    const Caller by_whom = caller(who);
    return write([&](Act& act) { return lock_artifact(act, by_whom, artifact.id, lease_s); },
                 by(who));
  }
  base::Result<Artifact> renew(const Member& who, std::int64_t token, std::int64_t lease_s = 60) {
    const Caller by_whom = caller(who);
    return write([&](Act& act) { return renew_lock(act, by_whom, artifact.id, token, lease_s); },
                 by(who));
  }
  /// `changed`, `unchanged` or the code.
  std::string unlock(const Member& who, std::optional<std::int64_t> token, bool force = false) {
    const Caller by_whom = caller(who);
    const auto done =
        write([&](Act& act) { return unlock_artifact(act, by_whom, artifact.id, token, force); },
              by(who));
    return !done ? code_of(done) : *done ? "changed" : "unchanged";
  }
  std::string put(const Member& who, std::optional<std::int64_t> token) {
    const Caller by_whom = caller(who);
    return code_of(write([&](Act& act) {
      return write_artifact(act, by_whom, artifact.id,
                            {.content = std::to_string(++written), .name = {}, .note = {}},
                            {.if_match = {}, .base_revision = {}, .fencing_token = token});
    }));
  }
  base::Result<void> sweep() {
    return write([&](Act& act) { return expire_locks(act, 100); });
  }
  /// `actor event` of the entries about locks.
  std::vector<std::string> lock_audit() {
    const auto rows = read([&](Act& act) {
                        return act.run(
                            "SELECT actor_kind, event FROM space_audit "
                            "WHERE subject = $1 AND event <> 'artifact.created' "
                            "ORDER BY seq",
                            artifact.id);
                      })
                          .value()
                          .rows;
    std::vector<std::string> entries;
    for (const sql::Row& row : rows) entries.push_back(row.text(0) + " " + row.text(1));
    return entries;
  }
  /// The actions that readers were told since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> actions;
    for (const Ears::Heard& heard : ears.take()) {
      if (heard.notice->kind != NoticeKind::artifact) continue;
      const auto data = base::parse_json(heard.notice->data).value();
      actions.emplace_back(data.at("action").as_string());
    }
    return actions;
  }

  using Texts = std::vector<std::string>;
  Member buyer, seller;
  Artifact artifact;
  int written = 0;
};

TEST_F(LockTest, EachGrantHasTheNextToken) {
  EXPECT_EQ(lock(buyer)->lock_token, 1);
  EXPECT_EQ(unlock(buyer, 1), "changed");
  EXPECT_EQ(lock(seller)->lock_token, 2);
  clock.step(60'000);
  EXPECT_EQ(lock(buyer)->lock_token, 3);
  start();
  clock.step(60'000);
  EXPECT_EQ(lock(buyer)->lock_token, 4);
}

TEST_F(LockTest, AHeldLockIsRefusedAlsoToItsHolder) {
  const Artifact held = lock(buyer, 120).value();
  EXPECT_EQ(held.lock_until_ms, test_time_ms + 120'000);
  EXPECT_EQ(held.lock_holder, buyer.id);
  EXPECT_EQ(code_of(lock(seller)), "artifact_locked");
  EXPECT_EQ(code_of(lock(buyer)), "artifact_locked");
  clock.step(119'999);
  EXPECT_EQ(code_of(lock(seller)), "artifact_locked");
  clock.step(1);
  EXPECT_EQ(code_of(lock(seller)), "ok");
}

TEST_F(LockTest, TheLockStandsInTheSummaryUntilItEnds) {
  const Artifact held = lock(buyer).value();
  const auto lock_in = [&](std::int64_t now_ms) {
    const auto summary = render_summary(held, now_ms);
    return summary.contains("lock") ? base::to_text(summary.at("lock")) : "";
  };
  EXPECT_EQ(lock_in(test_time_ms + 59'999),
            fmt::format(R"({{"lockedBy":"{}","lockedByName":"owner",)"
                        R"("lockExpiresAt":"2026-11-02T09:01:00.000Z"}})",
                        buyer.id));
  EXPECT_EQ(lock_in(test_time_ms + 60'000), "");
}

TEST_F(LockTest, RenewingRunsFromNow) {
  ASSERT_EQ(code_of(lock(buyer, 60)), "ok");
  clock.step(50'000);
  const Artifact renewed = renew(buyer, 1, 60).value();
  EXPECT_EQ(renewed.lock_until_ms, test_time_ms + 110'000);
  EXPECT_EQ(renewed.lock_token, 1);
  EXPECT_EQ(code_of(renew(seller, 1)), "lock_lost");
  EXPECT_EQ(code_of(renew(buyer, 2)), "lock_lost");
  clock.step(60'000);
  EXPECT_EQ(code_of(renew(buyer, 1)), "lock_lost");
}

TEST_F(LockTest, AStaleTokenNeverFreesANewerLock) {
  ASSERT_EQ(code_of(lock(buyer, 10)), "ok");
  clock.step(10'000);
  ASSERT_EQ(lock(seller)->lock_token, 2);
  EXPECT_EQ(unlock(buyer, 1), "lock_lost");
  EXPECT_EQ(unlock(buyer, 2), "lock_lost");
  EXPECT_EQ(put(buyer, 1), "artifact_locked");
  EXPECT_EQ(put(seller, 2), "ok");
  EXPECT_EQ(unlock(seller, 2), "changed");
  EXPECT_EQ(unlock(seller, 2), "lock_lost");
  EXPECT_EQ(put(seller, 2), "lock_lost");
  EXPECT_EQ(put(buyer, {}), "ok");
}

TEST_F(LockTest, TheOwnerForcesAnyLockOthersTheirOwn) {
  const Member third = add(buyer, "third-agent");
  ASSERT_EQ(code_of(lock(seller)), "ok");
  EXPECT_EQ(unlock(third, {}, true), "role_forbidden");
  EXPECT_EQ(unlock(seller, {}, true), "changed");
  EXPECT_EQ(unlock(seller, {}, true), "unchanged");
  ASSERT_EQ(code_of(lock(seller)), "ok");
  ears.take();
  EXPECT_EQ(unlock(buyer, {}, true), "changed");
  EXPECT_EQ(told(), Texts{"unlocked"});
  EXPECT_EQ(lock_audit().back(), "participant lock.forced");
}

TEST_F(LockTest, ALeaseEndsByItself) {
  ASSERT_EQ(code_of(lock(buyer, 10)), "ok");
  EXPECT_EQ(told(), Texts{"locked"});
  clock.step(9'999);
  ASSERT_EQ(code_of(sweep()), "ok");
  EXPECT_EQ(told(), Texts{});
  clock.step(1);
  ASSERT_EQ(code_of(sweep()), "ok");
  ASSERT_EQ(code_of(sweep()), "ok");
  EXPECT_EQ(told(), Texts{"unlocked"});
  EXPECT_EQ(lock_audit(), (Texts{"participant lock.taken", "system lock.expired"}));
}

// Whoever comes before the sweep finds the end, and does not have it named after itself.
TEST_F(LockTest, AnEndThatNobodySweptIsWrittenDownBeforeTheNextGrant) {
  ASSERT_EQ(code_of(lock(buyer, 10)), "ok");
  clock.step(10'000);
  ears.take();
  ASSERT_EQ(code_of(lock(seller)), "ok");
  EXPECT_EQ(told(), (Texts{"unlocked", "locked"}));
  EXPECT_EQ(lock_audit(),
            (Texts{"participant lock.taken", "system lock.expired", "participant lock.taken"}));
}

TEST_F(LockTest, WhoGoesGivesItsLocksBack) {
  ASSERT_EQ(code_of(lock(seller)), "ok");
  const auto release = [&](std::optional<std::string_view> who) {
    return code_of(write([&](Act& act) { return release_locks(act, buyer.space, who); }));
  };
  ears.take();
  ASSERT_EQ(release(buyer.id), "ok");
  EXPECT_EQ(told(), Texts{});
  ASSERT_EQ(release(seller.id), "ok");
  EXPECT_EQ(told(), Texts{"unlocked"});
  EXPECT_EQ(lock(buyer)->lock_token, 2);
  ASSERT_EQ(release({}), "ok");
  EXPECT_EQ(lock(seller)->lock_token, 3);
}

TEST_F(LockTest, OfADeletedArtifactNothingIsLeft) {
  ASSERT_EQ(code_of(lock(buyer)), "ok");
  const Caller by_buyer = caller(buyer);
  const auto remove = [&](std::optional<std::int64_t> token) {
    return code_of(write([&](Act& act) {
      return delete_artifact(act, by_buyer, artifact.id,
                             {.if_match = {}, .base_revision = {}, .fencing_token = token});
    }));
  };
  EXPECT_EQ(remove({}), "artifact_locked");
  EXPECT_EQ(remove(1), "ok");
  EXPECT_EQ(code_of(lock(buyer)), "not_found");
  ears.take();
  clock.step(60'000);
  ASSERT_EQ(code_of(sweep()), "ok");
  EXPECT_EQ(told(), Texts{});
}

// The audit is read by the owner, and a token belongs to the holder alone.
TEST_F(LockTest, TheTokenIsShownToTheHolderAlone) {
  ASSERT_EQ(code_of(lock(seller)), "ok");
  for (const Ears::Heard& heard : ears.take())
    EXPECT_EQ(heard.notice->data.find("Token"), std::string::npos) << heard.notice->data;
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_audit WHERE detail LIKE '%oken%'"), 0);
}

}  // namespace
}  // namespace kronborg::spaces

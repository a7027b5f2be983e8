#include "authority/recovery_fixture_test.h"
#include "authority/restore.h"
#include "keyholder/recovery.h"

// That a recovery is one step, and what stands around it: drills, new codes, the bundle that is
// behind.

namespace kronborg::authority {
namespace {

using RecoveryStepTest = RecoveryTest;

TEST_F(RecoveryStepTest, AWrongCodeOrABundleThatWasChangedChangesNothing) {
  RecoverIdentity request = from_bundle();
  request.code = base::SecretText("OSAURUS-0000-0000-0000-0000");
  EXPECT_EQ(recover(std::move(request)), "recovery_code_wrong");
  request = from_bundle();
  request.code = base::SecretText("four words of nonsense");
  EXPECT_EQ(recover(std::move(request)), "recovery_code_format");
  request = from_bundle();
  std::string& text = *request.bundle;
  char& digit = text[text.find(R"("ct":")") + 40];
  digit = digit == 'A' ? 'B' : 'A';
  EXPECT_EQ(recover(std::move(request)), "recovery_code_wrong");
  request = from_bundle();
  request.bundle->resize(200);
  EXPECT_EQ(recover(std::move(request)), "bundle_unsupported");
  request = from_bundle();
  request.bundle.reset();
  EXPECT_EQ(recover(std::move(request)), "not_found") << "there is none in the data folder";
  expect_untouched();
}

TEST_F(RecoveryStepTest, AStoreThatFailsChangesNothing) {
  ASSERT_EQ(code_of(place->tamper("CREATE TRIGGER broken BEFORE INSERT ON agents BEGIN SELECT "
                                  "RAISE(ABORT, 'broken'); END")),
            "ok");
  EXPECT_NE(recover(from_bundle()), "ok");
  expect_untouched();
  ASSERT_EQ(code_of(place->tamper("DROP TRIGGER broken")), "ok");
  EXPECT_EQ(recover(from_bundle()), "ok");
  expect_the_past();
}

TEST_F(RecoveryStepTest, AFolderThatFailsChangesNothing) {
  RecoverIdentity request = from_bundle();
  request.keystore.recovery_folder = folder.path() / "none";
  EXPECT_EQ(recover(std::move(request)), "file_error");
  expect_untouched();
}

/// As far as a process got that was killed: its files in place or not, its rows stored or not.
enum class Reached : std::uint8_t { written, placed, committed };

class CutOffTest : public RecoveryTest {
 protected:
  void recover_up_to(Reached reached) {
    keyholder::Recovery recovery;
    recovery.kind = keyholder::KeystoreKind::file;
    recovery.bundle = lost().bundle;
    recovery.code = base::SecretText(lost().code);
    recovery.now_ms = clock.now_ms();
    if (const auto facts = identity->facts().value()) recovery.store_master = facts->master;
    recovery.replace = true;
    auto prepared = place->key_holder().prepare_recovery(std::move(recovery));
    ASSERT_EQ(code_of(prepared), "ok");
    PendingRecovery pending;
    pending.facts.master = prepared->recovered().identity.master;
    pending.facts.device_id = prepared->recovered().identity.device_id;
    pending.facts.keystore = "file";
    pending.facts.created_at_ms = clock.now_ms();
    pending.content = prepared->recovered().content;
    pending.files = prepared->files();
    ASSERT_EQ(code_of(place->database().write(
                  [&](sql::Transaction& run) { return write_pending(run, pending); })),
              "ok");
    if (reached != Reached::written) ASSERT_EQ(code_of(prepared->place()), "ok");
    if (reached == Reached::committed) {
      ASSERT_EQ(code_of(place->database().write([&](sql::Transaction& run) {
                  return restore(run, place->parts(), owner(), pending);
                })),
                "ok");
    }
    prepared->leave();
  }
};

TEST_F(CutOffTest, BeforeTheFilesAndBehindThemEverythingGoesBack) {
  for (const Reached reached : {Reached::written, Reached::placed}) {
    recover_up_to(reached);
    start();
    EXPECT_EQ(loaded, "ok");
    expect_untouched();
  }
  ASSERT_EQ(recover(from_bundle()), "ok");
  expect_the_past();
}

TEST_F(CutOffTest, WhatMadeRoomIsThereAgain) {
  ASSERT_EQ(recover(from_words(identity::EarlierKeys::keep)), "ok");
  const std::string keystore = content_of(folder.path() / "keystore.json");
  const std::string bundle = content_of(folder.path() / "recovery.json");
  for (const Reached reached : {Reached::written, Reached::placed}) {
    recover_up_to(reached);
    start();
    EXPECT_EQ(loaded, "ok");
    EXPECT_EQ(content_of(folder.path() / "keystore.json"), keystore);
    EXPECT_EQ(content_of(folder.path() / "recovery.json"), bundle);
    EXPECT_EQ(files(), (std::vector<std::string>{"keystore.json", "recovery.json"}));
    EXPECT_EQ(agents().size(), 0U);
    ASSERT_EQ(code_of(place->key_holder().unlock({})), "ok");
    EXPECT_EQ(identity->keep_bundle().value(), false) << "the bundle is that of its code";
  }
}

TEST_F(CutOffTest, BehindTheCommitItCounts) {
  ASSERT_EQ(recover(from_words(identity::EarlierKeys::keep)), "ok");
  const std::string keystore = content_of(folder.path() / "keystore.json");
  recover_up_to(Reached::committed);
  EXPECT_EQ(files().size(), 4U) << "the old ones wait beside the new";
  start();
  EXPECT_EQ(loaded, "ok");
  EXPECT_EQ(files(), (std::vector<std::string>{"keystore.json", "recovery.json"}));
  EXPECT_NE(content_of(folder.path() / "keystore.json"), keystore);
  expect_the_past();
  start();
  EXPECT_EQ(loaded, "ok");
  expect_the_past();
}

TEST_F(RecoveryStepTest, ADrillWritesItsRowAndNothingElse) {
  ASSERT_EQ(recover(from_bundle()), "ok");
  ASSERT_TRUE(place->key_holder().lock());
  const std::string keystore = content_of(folder.path() / "keystore.json");
  const std::string bundle = content_of(folder.path() / "recovery.json");
  const auto counts_before = counts(place->parts()).value();
  EXPECT_FALSE(identity->last_drill().value());
  const auto drill = identity->drill(owner(), {}, code);
  ASSERT_EQ(code_of(drill), "ok");
  EXPECT_TRUE(drill->matches);
  EXPECT_EQ(drill->drill.bundle.master, lost().master);
  EXPECT_EQ(drill->drill.agents, static_cast<std::int64_t>(lost().agents.size()));
  EXPECT_EQ(identity->last_drill().value(), clock.now_ms());
  clock.step(1'000);
  EXPECT_EQ(code_of(identity->drill(owner(), {}, base::SecretText("OSAURUS-0000-0000-0000-0000"))),
            "recovery_code_wrong");
  EXPECT_EQ(identity->last_drill().value(), clock.now_ms() - 1'000) << "that was no drill";
  const auto counts_after = counts(place->parts()).value();
  EXPECT_EQ(counts_after.audit, counts_before.audit + 2);
  EXPECT_EQ(counts_after.agents, counts_before.agents);
  EXPECT_TRUE(place->key_holder().locked());
  EXPECT_EQ(content_of(folder.path() / "keystore.json"), keystore);
  EXPECT_EQ(content_of(folder.path() / "recovery.json"), bundle);
}

TEST_F(RecoveryStepTest, ADrillOnAnotherIdentityDoesNotMatch) {
  CreateIdentity request;
  request.kind = keyholder::KeystoreKind::file;
  ASSERT_EQ(code_of(identity->create(owner(), std::move(request))), "ok");
  const auto drill = identity->drill(owner(), lost().bundle, base::SecretText(lost().code));
  ASSERT_EQ(code_of(drill), "ok");
  EXPECT_FALSE(drill->matches);
  EXPECT_FALSE(identity->last_drill().value());
}

TEST_F(RecoveryStepTest, WhatChangesWhileLockedIsInTheBundleAfterTheNextUnlock) {
  ASSERT_EQ(recover(from_bundle()), "ok");
  EXPECT_EQ(identity->keep_bundle().value(), false) << "it was written by the recovery";
  ASSERT_EQ(code_of(identity->lock(owner())), "ok");
  const auto policy = place->board().current();
  ASSERT_EQ(code_of(AccessKeys(place->parts())
                        .revoke_nonce(owner(), *policy->master, "of a key made elsewhere", false)),
            "ok");
  EXPECT_EQ(identity->bundle_is_current().value(), false);
  EXPECT_EQ(code_of(identity->keep_bundle()), "identity_locked");
  start();  // another process
  EXPECT_EQ(identity->bundle_is_current().value(), false);
  ASSERT_EQ(code_of(identity->unlock(owner(), {})), "ok");
  EXPECT_EQ(identity->keep_bundle().value(), true);
  EXPECT_EQ(identity->bundle_is_current().value(), true);
  EXPECT_EQ(identity->keep_bundle().value(), false);
  std::filesystem::remove(folder.path() / "recovery.json");
  EXPECT_EQ(identity->keep_bundle().value(), true) << "one that is gone comes back";
  const TemporaryFolder other;
  place.reset();
  Place second(other.path(), clock);
  ASSERT_EQ(code_of(load_policy(second.parts())), "ok");
  Identity again(second.parts());
  RecoverIdentity request = from_bundle();
  request.bundle = content_of(folder.path() / "recovery.json");
  request.code = code.duplicate();
  ASSERT_EQ(code_of(again.recover(owner(), std::move(request))), "ok");
  EXPECT_TRUE(
      second.board().current()->revocations.contains(lost().master, "of a key made elsewhere"));
}

TEST_F(RecoveryStepTest, ANewCodeIsAnAuditRowAndHolds) {
  ASSERT_EQ(recover(from_bundle()), "ok");
  const auto fresh = identity->new_code(owner(), {});
  ASSERT_EQ(code_of(fresh), "ok");
  const std::string bundle = content_of(folder.path() / "recovery.json");
  EXPECT_EQ(code_of(identity->drill(owner(), bundle, *fresh)), "ok");
  EXPECT_EQ(code_of(identity->drill(owner(), bundle, code)), "recovery_code_wrong");
  EXPECT_EQ(identity->keep_bundle().value(), false);
  const auto rows =
      Audit(place->parts())
          .list({.type = "identity.recovery_code", .since_ms = {}}, {.after = 0, .limit = 10});
  ASSERT_EQ(rows->items.size(), 1U);
  EXPECT_EQ(rows->items[0].detail.find("OSAURUS"), std::string::npos);
}

}  // namespace
}  // namespace kronborg::authority

#include "spaces/join.h"

#include <gtest/gtest.h>

#include "spaces/joining_test.h"

namespace kronborg::spaces {
namespace {

using JoinTest = JoiningTest;
using Lines = std::vector<std::string>;

constexpr std::int64_t week_ms = 7LL * 86'400'000;

TEST_F(JoinTest, WaitsUntilTheOwnerDecidesAndCollectsTheKeyOnce) {
  const auto invited = invite(invitation_of(5, true)).value();
  const auto joined = join(invited, "seller-agent").value();
  const std::string id = joined.participant.id;
  ASSERT_TRUE(joined.join_token);
  const auto token = joined.join_token->hash();
  EXPECT_FALSE(joined.key);
  EXPECT_EQ(joined.participant.request_ends_at_ms, test_time_ms + week_ms);
  EXPECT_EQ(told(), Lines{"pending seller-agent (owner)"});
  EXPECT_EQ(said(), Lines{});
  EXPECT_EQ(polled(invited, id, token), "pending");
  EXPECT_EQ(polled(invited, id, {}), "pending");

  clock.step(20'000);
  const auto approved = approve(id).value();
  EXPECT_EQ(approved.status, "active");
  EXPECT_EQ(approved.joined_at_ms, test_time_ms + 20'000);
  EXPECT_EQ(told(), Lines{"joined seller-agent"});
  EXPECT_EQ(said(), Lines{"seller-agent joined."});

  EXPECT_EQ(polled(invited, id, {}), "needs joinToken");
  const auto collected = poll(invited, id, token).value();
  ASSERT_TRUE(collected.key);
  EXPECT_EQ(collected.last_seq, 1);
  EXPECT_EQ(state(collected.key->key.hash()), "alive");
  EXPECT_EQ(polled(invited, id, token), "delivered");
  EXPECT_EQ(polled(invited, id, {}), "delivered");
}

TEST_F(JoinTest, TheAuditTellsTheStory) {
  const auto invited = invite(invitation_of(1, true)).value();
  const auto joined = join(invited, "seller-agent").value();
  ASSERT_EQ(code_of(approve(joined.participant.id)), "ok");
  ASSERT_EQ(polled(invited, joined.participant.id, joined.join_token->hash()), "a key");
  const auto events = audit_events(owner.space);
  const Lines story(events.end() - 8, events.end());
  EXPECT_EQ(story,
            (Lines{"invitation.created", "key.minted", "join.requested", "invitation.used_up",
                   "key.expired", "participant.approved", "join.completed", "key.minted"}));
  for (const auto& line : audit(owner.space)) {
    EXPECT_EQ(line.find(invited.key.text().reveal()), std::string::npos);
    EXPECT_EQ(line.find(joined.join_token->text().reveal()), std::string::npos);
  }
}

TEST_F(JoinTest, IsAnsweredWithAKeyAtOnceWhereNobodyDecides) {
  const auto invited = invite(invitation_of(5, false, KeyType::observer)).value();
  NewJoin wanted;
  wanted.name = "watcher";
  wanted.key_expires_in_s = 3'600;
  const auto joined = join(invited.key, wanted).value();
  ASSERT_TRUE(joined.key);
  EXPECT_FALSE(joined.join_token);
  EXPECT_EQ(joined.participant.key_type, KeyType::observer);
  EXPECT_EQ(joined.key->expires_at_ms, test_time_ms + 3'600'000);
  EXPECT_EQ(joined.space.last_seq, 1);
  EXPECT_EQ(told(), Lines{"joined watcher"});
  EXPECT_EQ(said(), Lines{"watcher joined."});
  EXPECT_EQ(polled(invited, joined.participant.id, {}), "delivered");
  clock.step(3'600'000);
  EXPECT_EQ(state(joined.key->key.hash()), "key_expired/expired");
}

TEST_F(JoinTest, OnlyTheRightTokenOfThisJoinCounts) {
  const auto invited = invite(invitation_of(5, true)).value();
  const auto other = invite(invitation_of(5, true)).value();
  const auto first = join(invited, "first").value();
  const auto second = join(invited, "second").value();
  ASSERT_EQ(code_of(approve(first.participant.id)), "ok");
  EXPECT_EQ(polled(invited, first.participant.id, second.join_token->hash()), "join_token_invalid");
  EXPECT_EQ(polled(other, first.participant.id, first.join_token->hash()), "not_found participant");
  EXPECT_EQ(polled(invited, owner.id, {}), "not_found participant");
  EXPECT_EQ(polled(invited, first.participant.id, first.join_token->hash()), "a key");
}

TEST_F(JoinTest, AChosenTokenIsTheJoinToken) {
  const auto invited = invite(invitation_of(5, true)).value();
  const auto chosen = credential::SpaceKey::draw(random);
  NewJoin wanted;
  wanted.name = "seller-agent";
  wanted.chosen_token = chosen.hash();
  const auto joined = join(invited.key, wanted).value();
  EXPECT_FALSE(joined.join_token);
  ASSERT_EQ(code_of(approve(joined.participant.id)), "ok");
  EXPECT_EQ(polled(invited, joined.participant.id, chosen.hash()), "a key");
}

TEST_F(JoinTest, PollsSayHowItEnded) {
  const auto invited = invite(invitation_of(5, true)).value();
  const auto denied = join(invited, "denied").value();
  const auto late = join(invited, "late").value();
  const auto kicked = join(invited, "kicked").value();
  ASSERT_EQ(code_of(in_space([&](Act& act, const Space& space) {
              return deny(act, space, denied.participant.id, "no");
            })),
            "ok");
  ASSERT_EQ(code_of(in_space([&](Act& act, const Space& space) {
              return kick(act, space, kicked.participant.id, {}, Rotate::none, false);
            })),
            "ok");
  EXPECT_EQ(told(),
            (Lines{"pending denied (owner)", "pending late (owner)", "pending kicked (owner)",
                   "denied denied (owner)", "kicked kicked (owner)"}));
  EXPECT_EQ(said(), Lines{});
  clock.step(week_ms - 1);
  EXPECT_EQ(polled(invited, late.participant.id, {}), "pending");
  clock.step(1);
  EXPECT_EQ(polled(invited, late.participant.id, late.join_token->hash()), "join_expired expired");
  EXPECT_EQ(polled(invited, denied.participant.id, denied.join_token->hash()),
            "join_denied denied");
  EXPECT_EQ(polled(invited, denied.participant.id, {}), "join_denied denied");
  EXPECT_EQ(polled(invited, kicked.participant.id, {}), "participant_removed kicked");
  EXPECT_EQ(code_of(approve(late.participant.id)), "participant_state");
}

TEST_F(JoinTest, NamesAreComparedWithoutCase) {
  const auto invited = invite(invitation_of(50, false)).value();
  const auto name = [&](std::string_view wanted) {
    const auto joined = join(invited, wanted).value();
    EXPECT_EQ(joined.name_changed, joined.participant.name != wanted);
    return joined.participant.name;
  };
  EXPECT_EQ(name("Seller"), "Seller");
  EXPECT_EQ(name("SELLER"), "SELLER (2)");
  EXPECT_EQ(name("seller"), "seller (3)");
  EXPECT_EQ(name("Stra\u00DFe"), "Stra\u00DFe");
  EXPECT_EQ(name("STRASSE"), "STRASSE (2)");
  EXPECT_EQ(name("\u00D6mer"), "\u00D6mer");
  EXPECT_EQ(name("o\u0308mer"), "o\u0308mer (2)");  // decomposed
  EXPECT_EQ(name("Owner"), "Owner (2)");
  const std::string long_name(80, 'x');
  EXPECT_EQ(name(long_name), long_name);
  EXPECT_EQ(name(long_name), std::string(76, 'x') + " (2)");
}

TEST_F(JoinTest, ANameIsFreeAgainWhenItsHolderIsGone) {
  const auto invited = invite(invitation_of(5, true)).value();
  const auto first = join(invited, "seller").value();
  EXPECT_EQ(join(invited, "seller").value().participant.name, "seller (2)");
  ASSERT_EQ(code_of(in_space([&](Act& act, const Space& space) {
              return deny(act, space, first.participant.id, {});
            })),
            "ok");
  EXPECT_EQ(join(invited, "seller").value().participant.name, "seller");
}

TEST_F(JoinTest, FiftyMayWait) {
  const auto invited = invite(invitation_of(100, true)).value();
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(code_of(join(invited, "agent " + std::to_string(i))), "ok");
  }
  EXPECT_EQ(code_of(join(invited, "one more")), "limit_reached");
  EXPECT_EQ(invitation(invited.invitation.id).uses, 50);
}

TEST_F(JoinTest, TwoHundredMayBeIn) {
  const auto waiting = invite(invitation_of(1, true)).value();
  const auto invited = invite(invitation_of(100, false)).value();
  const auto pending = join(waiting, "waiting").value();
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              for (int i = 0; i < 199; ++i) {
                Participant one;
                one.id = act.new_id();
                one.space = owner.space;
                one.name = "agent " + std::to_string(i);
                one.status = "active";
                TRY_VOID(insert_participant(act, one));
              }
              return {};
            })),
            "ok");
  EXPECT_EQ(code_of(join(invited, "one more")), "limit_reached");
  EXPECT_EQ(code_of(approve(pending.participant.id)), "limit_reached");
}

TEST_F(JoinTest, WaitingOutlivesTheInvitationButNotTheSpace) {
  const auto invited = invite(invitation_of(1, true)).value();
  const auto joined = join(invited, "seller-agent").value();
  const auto wrong = credential::SpaceKey::draw(random);
  ASSERT_EQ(state(invited.key.hash()), "key_expired/max_uses");
  const auto waits = [&](const credential::SpaceKey& token) {
    std::optional<Caller> caller;
    const auto looked =
        parts().database.read([&](sql::Transaction& transaction) -> base::Result<void> {
          TRY(caller, waiting_joiner(transaction, invited.key.hash(), owner.space_id,
                                     joined.participant.id, token.hash(), clock.now_ms()));
          return {};
        });
    EXPECT_EQ(code_of(looked), "ok");
    return caller && text_of(caller->holder) == invited.invitation.id;
  };
  EXPECT_TRUE(waits(*joined.join_token));
  EXPECT_FALSE(waits(wrong));
  ASSERT_EQ(code_of(write(
                [&](Act& act) { return close_space(act, owner.space, SpaceEnd::closed, {}, {}); })),
            "ok");
  EXPECT_FALSE(waits(*joined.join_token));
}

TEST_F(JoinTest, AVerifiedSpaceTakesNobodyWithoutAProof) {
  NewSpace wanted;
  wanted.name = "Verified";
  wanted.require_verified = true;
  owner = open(wanted);
  const auto invited = invite(invitation_of(5, false)).value();
  EXPECT_EQ(code_of(join(invited, "seller")), "identity_required");
  EXPECT_EQ(invitation(invited.invitation.id).uses, 0);
}

}  // namespace
}  // namespace kronborg::spaces

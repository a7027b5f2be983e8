#include "spaces/participant.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "identity/signed_message.h"
#include "spaces/joining_test.h"
#include "spaces/proof.h"

namespace kronborg::spaces {
namespace {

using Lines = std::vector<std::string>;

class ParticipantTest : public JoiningTest {
 protected:
  void SetUp() override {
    JoiningTest::SetUp();
    seller = add(owner, "seller-agent");
    ears.take();
  }
  base::Result<Kicked> kick(const std::string& id, Rotate rotate = Rotate::own, bool block = true) {
    return in_space([&](Act& act, const Space& space) {
      return spaces::kick(act, space, id, "Leaked the draft.", rotate, block);
    });
  }
  base::Result<Participant> mute(const std::string& id, std::optional<std::int64_t> duration_s) {
    return in_space(
        [&](Act& act, const Space& space) { return spaces::mute(act, space, id, duration_s); });
  }
  base::Result<Participant> unmute(const std::string& id) {
    return in_space([&](Act& act, const Space& space) { return spaces::unmute(act, space, id); });
  }
  base::Result<Participant> reissue(const std::string& id) {
    return in_space([&](Act& act, const Space& space) { return spaces::reissue(act, space, id); });
  }
  base::Result<Participant> leave(const Member& member) {
    const Caller who = caller(member);
    return in_space(
        [&](Act& act, const Space& space) { return spaces::leave(act, space, who, {}); });
  }
  /// A join that proves the address of `secret`.
  base::Result<Joined> join_proven(const Invited& invited, std::string_view secret) {
    const auto digest = crypto::sha256(base::bytes_of(secret));
    const crypto::PrivateKey key(digest);
    return write([&](Act& act) -> base::Result<Joined> {
      TRY(const auto found, read_key(act.run, invited.key.hash(), act.now_ms));
      const auto& alive = std::get<Caller>(found);
      TRY(const auto asked, challenge(act, alive, identity::address_of(key)));
      NewJoin wanted;
      wanted.name = "proven";
      wanted.proof = {.challenge_id = asked.id,
                      .signature = "0x" + base::hex(identity::sign(key, identity::Prefix::ethereum,
                                                                   base::bytes_of(asked.message)))};
      return spaces::join(act, alive, wanted);
    });
  }

  Member seller;
};

TEST_F(ParticipantTest, AKickEndsKeyAndInvitationAtOnce) {
  const auto invited = invite(invitation_of(5, false)).value();
  const auto joined = join(invited, "buyer").value();
  ears.take();
  const auto kicked = kick(joined.participant.id).value();
  EXPECT_EQ(kicked.participant.status, "kicked");
  EXPECT_EQ(kicked.blocked, Lines{"participantId"});
  ASSERT_EQ(kicked.rotated.size(), 1U);
  EXPECT_EQ(kicked.rotated[0].replaces, invited.invitation.id);
  EXPECT_EQ(kicked.rotated[0].invitation.uses, 1);
  EXPECT_EQ(state(joined.key->key.hash()), "key_revoked/kicked");
  EXPECT_EQ(state(invited.key.hash()), "key_revoked/invitation_rotated");
  EXPECT_EQ(state(kicked.rotated[0].key.hash()), "alive");

  // Whoever is removed hears of nothing but the end of its own key.
  const auto texts = ears.take_texts();
  ASSERT_GE(texts.size(), 3U);
  EXPECT_EQ(texts[0], R"(key_revoked {"code":"key_revoked","reason":"kicked","keyId":")" +
                          joined.key->key_id + R"("})");
  EXPECT_EQ(said(), (Lines{"buyer joined.", "buyer was removed."}));
}

TEST_F(ParticipantTest, AKickRotatesAsItIsTold) {
  const auto own = invite(invitation_of(5, true)).value();
  const auto other = invite(invitation_of(5, true)).value();
  const auto first = join(own, "first").value();
  const auto second = join(own, "second").value();
  EXPECT_EQ(kick(first.participant.id, Rotate::none).value().rotated.size(), 0U);
  EXPECT_EQ(state(own.key.hash()), "alive");
  EXPECT_EQ(kick(second.participant.id, Rotate::all).value().rotated.size(), 2U);
  EXPECT_EQ(state(own.key.hash()), "key_revoked/invitation_rotated");
  EXPECT_EQ(state(other.key.hash()), "key_revoked/invitation_rotated");
}

TEST_F(ParticipantTest, ABlockKeepsTheAddressOutUntilItIsLifted) {
  const auto invited = invite(invitation_of(5, false)).value();
  const auto joined = join_proven(invited, "somebody").value();
  EXPECT_EQ(code_of(join_proven(invited, "somebody")), "address_in_use");
  const std::string id = joined.participant.id;
  EXPECT_EQ(kick(id, Rotate::none).value().blocked, (Lines{"participantId", "address"}));
  EXPECT_EQ(code_of(join_proven(invited, "somebody")), "blocked");
  EXPECT_EQ(code_of(join_proven(invited, "somebody else")), "ok");

  const auto before = audit(owner.space).size();
  EXPECT_EQ(kick(id, Rotate::none).value().blocked.size(), 2U);  // a repeat
  EXPECT_EQ(audit(owner.space).size(), before);
  const auto lifted = kick(id, Rotate::own, false).value();
  EXPECT_EQ(lifted.blocked, Lines{});
  EXPECT_EQ(lifted.rotated.size(), 0U);
  EXPECT_EQ(lifted.participant.status, "kicked");
  EXPECT_EQ(code_of(join_proven(invited, "somebody")), "ok");
}

TEST_F(ParticipantTest, AMuteIsSeenByTheNextRequest) {
  EXPECT_FALSE(caller(seller).is_muted(clock.now_ms()));
  const auto muted = mute(seller.id, 60).value();
  EXPECT_TRUE(caller(seller).is_muted(clock.now_ms()));
  const auto body = render(muted, clock.now_ms(), true);
  EXPECT_TRUE(body.at("muted").as_bool());
  EXPECT_EQ(body.at("mutedUntil").as_string(), "2026-11-02T09:01:00.000Z");
  EXPECT_EQ(told(), Lines{"muted seller-agent"});

  clock.step(60'000);
  EXPECT_FALSE(caller(seller).is_muted(clock.now_ms()));
  const auto over = render(participant(seller.id), clock.now_ms(), true);
  EXPECT_FALSE(over.at("muted").as_bool());
  EXPECT_FALSE(over.contains("mutedUntil"));
}

TEST_F(ParticipantTest, AMuteWithoutEndLastsUntilItIsTakenBack) {
  ASSERT_EQ(code_of(mute(seller.id, {})), "ok");
  ASSERT_EQ(code_of(mute(seller.id, {})), "ok");  // a repeat
  clock.step(6LL * 86'400'000);                   // the space would close unused after 7
  EXPECT_TRUE(caller(seller).is_muted(clock.now_ms()));
  const auto body = render(participant(seller.id), clock.now_ms(), false);
  EXPECT_TRUE(body.at("muted").as_bool());
  EXPECT_FALSE(body.contains("mutedUntil"));
  ASSERT_EQ(code_of(unmute(seller.id)), "ok");
  ASSERT_EQ(code_of(unmute(seller.id)), "ok");
  EXPECT_FALSE(caller(seller).is_muted(clock.now_ms()));
  EXPECT_EQ(told(), (Lines{"muted seller-agent", "unmuted seller-agent"}));
  EXPECT_EQ(said(), (Lines{"seller-agent was muted.", "seller-agent was unmuted."}));
}

TEST_F(ParticipantTest, WhoLeavesHasNoKeyAnyMore) {
  const auto left = leave(seller).value();
  EXPECT_EQ(left.status, "left");
  EXPECT_EQ(state(seller), "key_revoked/left");
  EXPECT_EQ(told(), Lines{"left seller-agent"});
  EXPECT_EQ(said(), Lines{"seller-agent left."});
  EXPECT_EQ(code_of(mute(seller.id, 60)), "participant_state");
  EXPECT_EQ(code_of(approve(seller.id)), "participant_state");
  EXPECT_EQ(code_of(reissue(seller.id)), "participant_state");
  EXPECT_EQ(code_of(kick(seller.id)), "participant_state");
}

TEST_F(ParticipantTest, TheOwnerIsProtected) {
  EXPECT_EQ(code_of(kick(owner.id)), "owner_protected");
  EXPECT_EQ(code_of(mute(owner.id, 60)), "owner_protected");
  EXPECT_EQ(code_of(leave(owner)), "owner_protected");
  EXPECT_EQ(code_of(reissue(owner.id)), "owner_protected");
  EXPECT_EQ(state(owner), "alive");
}

TEST_F(ParticipantTest, RepeatedDecisionsHaveNoEffect) {
  const auto invited = invite(invitation_of(5, true)).value();
  const auto one = join(invited, "one").value().participant.id;
  const auto two = join(invited, "two").value().participant.id;
  const auto deny_it = [&](const std::string& id) {
    return in_space(
        [&](Act& act, const Space& space) { return deny(act, space, id, std::nullopt); });
  };
  ASSERT_EQ(code_of(approve(one)), "ok");
  ASSERT_EQ(code_of(deny_it(two)), "ok");
  const auto before = audit(owner.space).size();
  EXPECT_EQ(approve(one).value().status, "active");
  EXPECT_EQ(deny_it(two).value().status, "denied");
  EXPECT_EQ(audit(owner.space).size(), before);
  const auto refused = approve(two);
  EXPECT_EQ(code_of(refused), "participant_state");
  EXPECT_EQ(std::get<std::string>(refused.error().details.at(0).value), "denied");
  EXPECT_EQ(code_of(deny_it(one)), "participant_state");
  EXPECT_EQ(code_of(approve("00000000-0000-4000-8000-000000000000")), "not_found");
}

TEST_F(ParticipantTest, ALostKeyIsReplacedThroughTheJoinToken) {
  const auto invited = invite(invitation_of(1, true)).value();
  const auto joined = join(invited, "forgetful").value();
  const std::string id = joined.participant.id;
  const auto token = joined.join_token->hash();
  ASSERT_EQ(code_of(approve(id)), "ok");
  const auto first = poll(invited, id, token).value();
  ASSERT_EQ(code_of(reissue(id)), "ok");
  EXPECT_EQ(state(first.key->key.hash()), "key_revoked/reissued");
  EXPECT_EQ(polled(invited, id, {}), "needs joinToken");
  const auto second = poll(invited, id, token).value();
  ASSERT_TRUE(second.key);
  EXPECT_EQ(state(second.key->key.hash()), "alive");
  EXPECT_EQ(polled(invited, id, token), "delivered");
  EXPECT_EQ(std::ranges::count(audit_events(owner.space), "join.completed"), 1);
}

TEST_F(ParticipantTest, WithoutAJoinTokenNothingIsReissued) {
  EXPECT_EQ(code_of(reissue(seller.id)), "participant_state");
  EXPECT_EQ(state(seller), "alive");
  const auto invited = invite(invitation_of(1, false)).value();
  const auto token = credential::SpaceKey::draw(random);
  NewJoin wanted;
  wanted.name = "careful";
  wanted.chosen_token = token.hash();
  const auto joined = join(invited.key, wanted).value();
  ASSERT_EQ(code_of(reissue(joined.participant.id)), "ok");
  EXPECT_EQ(state(joined.key->key.hash()), "key_revoked/reissued");
  EXPECT_EQ(polled(invited, joined.participant.id, token.hash()), "a key");
}

TEST_F(ParticipantTest, IsShownAsTheWalkThroughHasIt) {
  Participant one;
  one.id = "d9741469-9628-4f1a-ae09-bc1b8921cec8";
  one.name = "seller-agent";
  one.role = "seller";
  one.status = "kicked";
  one.address = identity::Address::parse("0x2561ef44a9df821a95f9eb83353d809f7dfdfec6");
  one.joined_at_ms = test_time_ms + 32'000;
  one.last_seen_at_ms = test_time_ms + 330'000;
  one.invitation_id = "eb921518-8e4c-477c-9b6e-36786819f522";
  one.requested_at_ms = test_time_ms + 12'000;
  EXPECT_EQ(base::to_text(render(one, test_time_ms, true)),
            R"({"participantId":"d9741469-9628-4f1a-ae09-bc1b8921cec8","name":"seller-agent",)"
            R"("role":"seller","keyType":"participant","status":"kicked","muted":false,)"
            R"("verified":true,"address":"0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6",)"
            R"("userLinked":false,"joinedAt":"2026-11-02T09:00:32.000Z",)"
            R"("lastSeenAt":"2026-11-02T09:05:30.000Z",)"
            R"("invitationId":"eb921518-8e4c-477c-9b6e-36786819f522",)"
            R"("requestedAt":"2026-11-02T09:00:12.000Z"})");
  EXPECT_FALSE(render(one, test_time_ms, false).contains("invitationId"));
}

TEST_F(ParticipantTest, ListsAreThoseOfTheStatusThatWasAskedFor) {
  const auto invited = invite(invitation_of(5, true)).value();
  ASSERT_EQ(code_of(join(invited, "waiting")), "ok");
  ASSERT_EQ(code_of(kick(seller.id)), "ok");
  const auto names = [&](Shown shown, std::optional<std::string> status) {
    Lines list;
    std::int64_t after = 0;
    for (bool more = true; more;) {
      const auto page = read([&](Act& act) {
                          return list_participants(act, owner.space, shown, status, after, 1);
                        }).value();
      for (const auto& one : page.participants) list.push_back(one.name);
      after = page.last;
      more = page.has_more;
    }
    return list;
  };
  EXPECT_EQ(names(Shown::active, {}), Lines{"owner"});
  EXPECT_EQ(names(Shown::active_and_pending, {}), (Lines{"owner", "waiting"}));
  EXPECT_EQ(names(Shown::active_and_pending, "kicked"), Lines{"seller-agent"});
  EXPECT_EQ(names(Shown::all, {}), (Lines{"owner", "seller-agent", "waiting"}));
  clock.step(7LL * 86'400'000);
  EXPECT_EQ(names(Shown::active_and_pending, "pending"), Lines{});
  EXPECT_EQ(names(Shown::active_and_pending, "expired"), Lines{"waiting"});
}

}  // namespace
}  // namespace kronborg::spaces

#include "spaces/invitation.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "spaces/joining_test.h"

namespace kronborg::spaces {
namespace {

using InvitationTest = JoiningTest;

constexpr std::int64_t day_s = 86'400;

std::vector<std::string> names_of(const base::json::object& object) {
  std::vector<std::string> names;
  for (const auto& member : object) names.emplace_back(member.key());
  return names;
}

TEST_F(InvitationTest, AnswersWithKeyAndLinksOnceAndWithoutThemLater) {
  const auto invited = invite(invitation_of(5, true)).value();
  const std::string key(invited.key.text().reveal());
  const auto space = read([&](Act& act) { return read_space(act, owner.space); }).value();
  const auto body = render(invited, space, parts());
  EXPECT_EQ(names_of(body),
            (std::vector<std::string>{"agentLink", "humanLink", "publicInvitationKey",
                                      "invitationId", "role", "label", "createdAt", "expiresAt",
                                      "maxUses", "uses", "requiresApproval", "listed"}));
  EXPECT_EQ(body.at("agentLink").as_string(), "https://kronborg.example/space/" + owner.space_id +
                                                  "/" + key + "/.well-known/agent.md");
  EXPECT_EQ(body.at("humanLink").as_string(),
            "https://kronborg.example/join/" + owner.space_id + "#" + key);
  EXPECT_EQ(body.at("createdAt").as_string(), "2026-11-02T09:00:00.000Z");
  EXPECT_EQ(body.at("expiresAt").as_string(), "2026-11-03T09:00:00.000Z");

  const auto listed = render(invitation(invited.invitation.id));
  EXPECT_EQ(
      names_of(listed),
      (std::vector<std::string>{"invitationId", "role", "label", "createdAt", "expiresAt",
                                "maxUses", "uses", "requiresApproval", "listed", "hint", "state"}));
  EXPECT_EQ(listed.at("hint").as_string(), key.substr(60));
  EXPECT_EQ(listed.at("state").as_string(), "live");
  EXPECT_EQ(base::to_text(listed).find(key), std::string::npos);
}

TEST_F(InvitationTest, HasLimitsWhenNoneWereAskedFor) {
  const auto plain = invite({}).value().invitation;
  EXPECT_EQ(plain.max_uses, 100);
  EXPECT_EQ(plain.expires_at_ms, test_time_ms + 7 * day_s * 1000);
  EXPECT_TRUE(plain.requires_approval);  // as the private space
}

TEST_F(InvitationTest, EndsNoLaterThanItsSpace) {
  NewSpace wanted;
  wanted.name = "Short";
  wanted.ttl_s = 3'600;
  owner = open(wanted);
  const auto invited = invite(invitation_of(5, true)).value();
  EXPECT_EQ(invited.invitation.expires_at_ms, test_time_ms + 3'600'000);
}

TEST_F(InvitationTest, IsListedOnlyInAPublicSpace) {
  NewInvitation wanted;
  wanted.listed = true;
  EXPECT_EQ(code_of(invite(wanted)), "space_not_public");
  NewSpace open_to_all;
  open_to_all.name = "Public";
  open_to_all.is_public = true;
  owner = open(open_to_all);
  EXPECT_EQ(code_of(invite(wanted)), "ok");
}

TEST_F(InvitationTest, FiftyMayLiveAtATime) {
  for (int i = 0; i < 50; ++i) ASSERT_EQ(code_of(invite(invitation_of(1, true))), "ok");
  const auto refused = invite(invitation_of(1, true));
  EXPECT_EQ(code_of(refused), "limit_reached");
  clock.step(day_s * 1000);  // all have expired
  EXPECT_EQ(code_of(invite(invitation_of(1, true))), "ok");
}

TEST_F(InvitationTest, DiesAtItsEnd) {
  const auto invited = invite(invitation_of(5, true)).value();
  clock.step(day_s * 1000 - 1);
  EXPECT_EQ(state(invited.key.hash()), "alive");
  clock.step(1);
  EXPECT_EQ(state(invited.key.hash()), "key_expired/expired");
  EXPECT_EQ(invitation(invited.invitation.id).state, "expired");
}

TEST_F(InvitationTest, RevokingEndsTheKeyAndOnDemandTheWaiting) {
  const auto invited = invite(invitation_of(5, true)).value();
  const auto first = join(invited, "first").value();
  const auto revoke = [&](bool cancel_pending) {
    return in_space([&](Act& act, const Space& space) {
      return revoke_invitation(act, space, invited.invitation.id, cancel_pending);
    });
  };
  EXPECT_EQ(revoke(false).value().state, "revoked");
  EXPECT_EQ(state(invited.key.hash()), "key_revoked/invitation_revoked");
  EXPECT_EQ(participant(first.participant.id).status, "pending");

  const auto before = audit(owner.space).size();
  EXPECT_EQ(revoke(false).value().state, "revoked");  // a repeat changes nothing
  EXPECT_EQ(audit(owner.space).size(), before);
  EXPECT_EQ(revoke(true).value().state, "revoked");
  EXPECT_EQ(participant(first.participant.id).status, "denied");
}

TEST_F(InvitationTest, ASuccessorKeepsTheEndAndTheUsesThatAreLeft) {
  const auto invited = invite(invitation_of(5, true)).value();
  ASSERT_EQ(code_of(join(invited, "seller-agent")), "ok");
  clock.step(330'080);
  const auto rotate = [&](const std::string& id) {
    return in_space(
        [&](Act& act, const Space& space) { return rotate_invitation(act, space, id); });
  };
  const auto successor = rotate(invited.invitation.id).value();
  EXPECT_EQ(successor.invitation.expires_at_ms, test_time_ms + day_s * 1000);
  EXPECT_EQ(successor.invitation.uses, 1);
  EXPECT_EQ(successor.invitation.max_uses, 5);
  EXPECT_EQ(successor.invitation.label, "for the seller");
  EXPECT_EQ(successor.invitation.created_at_ms, test_time_ms + 330'080);
  EXPECT_EQ(state(invited.key.hash()), "key_revoked/invitation_rotated");
  EXPECT_EQ(state(successor.key.hash()), "alive");
  const auto old = invitation(invited.invitation.id);
  EXPECT_EQ(old.state, "rotated");
  EXPECT_EQ(old.successor_id, successor.invitation.id);
  EXPECT_EQ(code_of(rotate(invited.invitation.id)), "not_found");

  clock.set(test_time_ms + day_s * 1000);
  EXPECT_EQ(state(successor.key.hash()), "key_expired/expired");
}

TEST_F(InvitationTest, TheLastUseEndsIt) {
  const auto invited = invite(invitation_of(2, false)).value();
  EXPECT_EQ(code_of(join(invited, "one")), "ok");
  EXPECT_EQ(state(invited.key.hash()), "alive");
  EXPECT_EQ(code_of(join(invited, "two")), "ok");
  EXPECT_EQ(state(invited.key.hash()), "key_expired/max_uses");
  EXPECT_EQ(code_of(join(invited, "three")), "key_unknown");
  const auto used = invitation(invited.invitation.id);
  EXPECT_EQ(used.state, "used_up");
  EXPECT_EQ(used.uses, 2);
  const auto events = audit_events(owner.space);
  EXPECT_EQ(std::ranges::count(events, "invitation.used_up"), 1);
}

TEST_F(InvitationTest, PagesFollowEachOther) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(invite({}).value().invitation.id);
  std::vector<std::string> seen;
  std::int64_t after = 0;
  for (bool more = true; more;) {
    const auto page =
        read([&](Act& act) { return list_invitations(act, owner.space, after, 2); }).value();
    for (const auto& one : page.invitations) seen.push_back(one.id);
    after = page.last;
    more = page.has_more;
  }
  EXPECT_EQ(seen, ids);
}

}  // namespace
}  // namespace kronborg::spaces

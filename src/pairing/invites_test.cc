#include "pairing/invites.h"

#include <thread>

#include "pairing/connector.h"
#include "pairing/fixture_test.h"
#include "pairing/invite_rows.h"
#include "pairing/pair_invite.h"
#include "pairing/seal.h"

namespace kronborg::pairing {
namespace {

constexpr std::string_view source = "192.0.2.7";

class InvitesTest : public PairingTest {
 protected:
  IssuedInvite issue(InviteLife life = InviteLife::days_7) {
    auto issued = invites_.issue(authority::owner(), {.agent_id = std::string(agent_id),
                                                      .name = {},
                                                      .description = "Answers questions",
                                                      .url = {},
                                                      .life = life});
    EXPECT_EQ(told(issued), "ok");
    return std::move(issued).value();
  }
  /// The body that a connector posts for a link.
  std::string body_for(std::string_view link) {
    attempt_ = Attempt::draw(random());
    return redeem_body(check_invite(link, clock_.now()).value(), attempt_.enc_pub);
  }
  std::string post(std::string_view body) {
    answered_.reset();
    auto answer = door_.answer(authority::owner(), source, body);
    clock_.step(60'000);
    const std::string text = told(answer);
    if (answer) answered_.emplace(*std::move(answer));
    return text;
  }
  /// Puts an invite of the vectors into the ledger.
  void record(const object& payload) {
    const InviteRecord row{.nonce = text_of(payload, "nonce"),
                           .agent_id = std::string(agent_id),
                           .agent = address(agent_address),
                           .name = text_of(payload, "name"),
                           .description = {},
                           .url = text_of(payload, "url"),
                           .issued_at_ms = clock_.now_ms(),
                           .expires_at = payload.at("exp").as_int64(),
                           .state = "active",
                           .used_at_ms = {},
                           .redeemed_from = {},
                           .key_id = {},
                           .revoked_at_ms = {}};
    EXPECT_EQ(told(place_->database().write([&](sql::Transaction& transaction) {
                return insert_invite(transaction, row, 1'000'000);
              })),
              "ok");
  }
  std::string status(std::string_view nonce) {
    for (const InviteRecord& one : invites_.list({}).value().items) {
      if (one.nonce == nonce) return one.state;
    }
    return "forgotten";
  }

  Attempts attempts_{clock_};
  Invites invites_{*parts_};
  OwnerRedeems owners_{*parts_};
  InviteDoor door_{attempts_, invites_, owners_};
  Attempt attempt_;
  std::optional<Answered200> answered_;
};

TEST_F(InvitesTest, WhatMustFailFailsWithItsRow) {
  const object file = support::known_answers("pairing.json");
  record(file.at("invites").at(0).at("payload").as_object());
  support::for_each_of_kind(file, "must_fail", "invite", [&](const object& row) {
    EXPECT_EQ(told(invites_.judge(row.at("request").as_object())), expected_of(row));
  });
}

TEST_F(InvitesTest, WhatIsAcceptedIsRedeemable) {
  const object file = support::known_answers("pairing.json");
  record(file.at("invites").at(0).at("payload").as_object());
  support::for_each_of_kind(file, "accepted", "invite", [&](const object& row) {
    EXPECT_EQ(told(invites_.judge(row.at("request").as_object())), "ok");
  });
}

TEST_F(InvitesTest, FromLinkToKey) {
  const IssuedInvite issued = issue();
  EXPECT_EQ(issued.record.name, "Helsingør");
  EXPECT_EQ(issued.record.url, "https://kronborg.example");
  const auto checked = check_invite(issued.link, clock_.now());
  ASSERT_EQ(told(checked), "ok");
  EXPECT_TRUE(checked->verified);
  EXPECT_EQ(checked->invite.desc, "Answers questions");
  ASSERT_EQ(post(body_for(issued.link)), "ok");
  const object body = base::parse_json(answered_->body.reveal()).value().as_object();
  EXPECT_EQ(text_of(body, "relayBaseURL"), "https://kronborg.example");
  EXPECT_EQ(text_of(body, "agentName"), "Helsingør");
  EXPECT_EQ(text_of(body, "apiKey"), "");
  const auto received = read_key_answer(answered_->body.reveal(),
                                        {.answered = Answered::invite,
                                         .agent = address(agent_address),
                                         .nonce = issued.record.nonce,
                                         .enc_pub = attempt_.enc_pub},
                                        attempt_.key);
  ASSERT_EQ(told(received), "ok");
  EXPECT_EQ(received->expires_at, base::one_year_later(clock_.now() - 60));
  EXPECT_EQ(stored("SELECT label FROM access_keys"),
            "Invite – Helsingør (" + issued.record.nonce.substr(0, 8) + ")");
  EXPECT_EQ(status(issued.record.nonce), "used");
  EXPECT_EQ(stored("SELECT key_id FROM pairing_invites"), *answered_->key_id);
  EXPECT_EQ(stored("SELECT redeemed_from FROM pairing_invites"), source);
  EXPECT_EQ(audit_rows("invite.create"), 1);
  EXPECT_EQ(audit_rows("invite.redeem"), 1);
  EXPECT_EQ(post(body_for(issued.link)), "409 invite_used Invite has already been redeemed");
}

TEST_F(InvitesTest, AGenuineClientGetsItsKeyToo) {
  const IssuedInvite issued = issue();
  object body = parse_invite_link(issued.link).value().members;
  body.erase("sig2");
  ASSERT_EQ(post(base::to_text(body)), "ok");
  const object answer = base::parse_json(answered_->body.reveal()).value().as_object();
  EXPECT_TRUE(text_of(answer, "apiKey").starts_with("osk-v1."));
  EXPECT_FALSE(answer.contains("sealedApiKey") || answer.contains("serverSignature"));
}

TEST_F(InvitesTest, TheFirstFailingRowDecides) {
  const IssuedInvite issued = issue(InviteLife::hour);
  object body = parse_invite_link(issued.link).value().members;
  object wrong = body;
  wrong["v"] = 2;
  wrong["encPub"] = 5;
  wrong["sig"] = "00";
  EXPECT_EQ(post("not JSON"), "400 invite_malformed Invalid invite payload");
  EXPECT_EQ(post(R"({"v":1,"v":1})"), "400 invite_malformed Invalid invite payload");
  EXPECT_EQ(post(R"({"team_redeem":{}})"), "400 invite_malformed Invalid invite payload");
  EXPECT_EQ(post(base::to_text(wrong)), "400 invite_malformed Invalid invite payload");
  wrong["encPub"] = "";
  EXPECT_EQ(post(base::to_text(wrong)), "400 invite_version Unsupported invite version");
  wrong["v"] = 1;
  EXPECT_EQ(post(base::to_text(wrong)), "400 encryption_key_invalid Invalid encryption key");
  wrong.erase("encPub");
  EXPECT_EQ(post(base::to_text(wrong)),
            "401 invite_signature_invalid Signature verification failed");
  host_->is_locked = true;
  EXPECT_EQ(post(base::to_text(body)), "503 identity_locked The identity is locked.");
  host_->forget(agent_id);
  EXPECT_EQ(post(base::to_text(body)), "404 agent_unknown Agent address not found on this server");
  clock_.step(3'600'000);
  EXPECT_EQ(post(base::to_text(body)), "410 invite_expired Invite has expired");
  EXPECT_EQ(status(issued.record.nonce), "expired");
}

TEST_F(InvitesTest, OnlyWhatIsInTheLedgerOfThatAgent) {
  const object file = support::known_answers("pairing.json");
  const object payload = file.at("invites").at(0).at("payload").as_object();
  const std::string unknown = "401 invite_unknown Invite is not registered on this server";
  EXPECT_EQ(post(base::to_text(payload)), unknown);
  record(payload);
  place_->tamper("UPDATE pairing_invites SET expires_at = expires_at - 1").value();
  EXPECT_EQ(post(base::to_text(payload)), unknown);
  place_
      ->tamper(
          "UPDATE pairing_invites SET expires_at = expires_at + 1, "
          "address = '0x1111111111111111111111111111111111111111'")
      .value();
  EXPECT_EQ(post(base::to_text(payload)), unknown);
}

TEST_F(InvitesTest, RevokedMeansRevokedWithItsKey) {
  const IssuedInvite issued = issue();
  const std::string body = body_for(issued.link);
  ASSERT_EQ(post(body), "ok");
  EXPECT_EQ(live_keys("invite"), 1);
  ASSERT_EQ(told(invites_.revoke(authority::owner(), issued.record.nonce)), "ok");
  EXPECT_EQ(live_keys("invite"), 0);
  EXPECT_EQ(stored("SELECT revoked_reason FROM access_keys"), "invite revoked");
  EXPECT_EQ(status(issued.record.nonce), "revoked");
  EXPECT_EQ(post(body), "403 invite_revoked Invite was revoked");
  EXPECT_EQ(told(invites_.revoke(authority::owner(), issued.record.nonce)), "ok");
  EXPECT_EQ(audit_rows("invite.revoke"), 1);
  EXPECT_EQ(code_of(invites_.revoke(authority::owner(), "x")), "not_found");
}

TEST_F(InvitesTest, WhatCannotBeMintedLeavesTheNonceUnused) {
  const IssuedInvite issued = issue();
  host_->mint_fails = base::Code::store_full;
  EXPECT_EQ(post(body_for(issued.link)), "500 mint_failed Failed to mint access key");
  host_->mint_fails.reset();
  host_->sign_fails = base::Code::keyholder_failed;
  EXPECT_EQ(post(body_for(issued.link)), "500 mint_failed Failed to mint access key");
  host_->sign_fails.reset();
  EXPECT_EQ(status(issued.record.nonce), "active");
  EXPECT_EQ(live_keys("invite"), 0);
  EXPECT_EQ(post(body_for(issued.link)), "ok");
}

TEST_F(InvitesTest, RevokedOrOverBetweenJudgeAndMintIsNotMinted) {
  const IssuedInvite issued = issue(InviteLife::hour);
  const auto redeemable =
      invites_.judge(base::parse_json(body_for(issued.link)).value().as_object()).value();
  ASSERT_EQ(told(invites_.revoke(authority::owner(), issued.record.nonce)), "ok");
  EXPECT_EQ(code_of(invites_.redeem(authority::owner(), source, redeemable)), "invite_revoked");
  const IssuedInvite second = issue(InviteLife::hour);
  const auto late =
      invites_.judge(base::parse_json(body_for(second.link)).value().as_object()).value();
  clock_.step(3'600'000);
  EXPECT_EQ(code_of(invites_.redeem(authority::owner(), source, late)), "invite_expired");
  EXPECT_EQ(live_keys("invite"), 0);
}

TEST_F(InvitesTest, OfManyRedemptionsAtOnceExactlyOneSucceeds) {
  const IssuedInvite issued = issue();
  const auto redeemable =
      invites_.judge(base::parse_json(body_for(issued.link)).value().as_object()).value();
  std::atomic<int> minted{0};
  std::atomic<int> late{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 64; ++t) {
      threads.emplace_back([&] {
        const auto code = code_of(invites_.redeem(authority::owner(), source, redeemable));
        minted += code == "ok" ? 1 : 0;
        late += code == "invite_used" ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(minted, 1);
  EXPECT_EQ(late, 63);
  EXPECT_EQ(live_keys("invite"), 1);
}

TEST_F(InvitesTest, EndWithTheAddressForGood) {
  const IssuedInvite issued = issue();
  const std::string body = body_for(issued.link);
  ASSERT_EQ(told(place_->database().write([&](sql::Transaction& transaction) {
              return end_invites_of_agent(transaction, agent_id, clock_.now_ms());
            })),
            "ok");
  EXPECT_EQ(post(body), "403 invite_revoked Invite was revoked");
}

TEST_F(InvitesTest, AreForgottenThirtyDaysAfterTheirEnd) {
  const IssuedInvite issued = issue(InviteLife::hour);
  clock_.step(3'600'000 + 30LL * 86'400'000 - 1000);
  EXPECT_EQ(invites_.purge().value(), 0);
  EXPECT_EQ(status(issued.record.nonce), "expired");
  clock_.step(1000);
  EXPECT_EQ(invites_.purge().value(), 1);
  EXPECT_EQ(status(issued.record.nonce), "forgotten");
}

TEST_F(InvitesTest, ListsGoOnWhereTheyEnded) {
  for (int i = 0; i < 5; ++i) issue();
  const auto first = invites_.list({.after = 0, .limit = 3}).value();
  EXPECT_EQ(first.items.size(), 3U);
  EXPECT_TRUE(first.has_more);
  const auto rest = invites_.list({.after = first.last, .limit = 3}).value();
  EXPECT_EQ(rest.items.size(), 2U);
  EXPECT_FALSE(rest.has_more);
}

TEST_F(InvitesTest, WhatCannotBeIssued) {
  const auto issue_with = [&](const auto& change) {
    NewInvite wanted{.agent_id = std::string(agent_id), .name = {}, .description = {}, .url = {}};
    change(wanted);
    return code_of(invites_.issue(authority::owner(), wanted));
  };
  EXPECT_EQ(issue_with([](NewInvite& one) { one.agent_id = "x"; }), "agent_not_found");
  EXPECT_EQ(issue_with([](NewInvite& one) { one.name = std::string(81, 'x'); }), "label_invalid");
  EXPECT_EQ(issue_with([](NewInvite& one) { one.description = std::string(201, 'x'); }),
            "invalid_member");
  EXPECT_EQ(issue_with([](NewInvite& one) { one.description = "a\nb"; }), "invalid_member");
  for (const char* const url :
       {"", "ftp://h", "http://", "https:///x", "https://h/", "https://u@h", "https://h?x",
        "https://h#x", "https://h x", "javascript:alert(1)", "https://h\n"}) {
    EXPECT_EQ(issue_with([&](NewInvite& one) { one.url = url; }), "invalid_member") << url;
  }
  for (const char* const url : {"http://192.168.1.7:1337", "https://h/base", "https://[::1]:1"}) {
    EXPECT_EQ(issue_with([&](NewInvite& one) { one.url = url; }), "ok") << url;
  }
  host_->is_locked = true;
  EXPECT_EQ(issue_with([](NewInvite&) {}), "identity_locked");
}

TEST_F(InvitesTest, RefusalsCoolTheSourceDown) {
  const IssuedInvite issued = issue();
  ASSERT_EQ(told(invites_.revoke(authority::owner(), issued.record.nonce)), "ok");
  const std::string body = body_for(issued.link);
  EXPECT_EQ(code_of(door_.answer(authority::owner(), source, body)), "invite_revoked");
  EXPECT_EQ(code_of(door_.answer(authority::owner(), source, body)), "pairing_rate_limited");
  clock_.step(30'000);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(code_of(door_.answer(authority::owner(), source, "{}")), "invite_malformed");
  }
  EXPECT_EQ(code_of(door_.answer(authority::owner(), source, "{}")), "pairing_rate_limited");
}

// What a connector notices: the host was given another key to seal to.
TEST_F(InvitesTest, AKeyExchangedOnTheWayIsNoticed) {
  const IssuedInvite issued = issue();
  const auto checked = check_invite(issued.link, clock_.now()).value();
  const Attempt own = Attempt::draw(random());
  const Attempt middle = Attempt::draw(random());
  ASSERT_EQ(post(redeem_body(checked, middle.enc_pub)), "ok");
  object answer = base::parse_json(answered_->body.reveal()).value().as_object();
  const object sealed = answer.at("sealedApiKey").as_object();
  const auto key = open_key({.enc = text_of(sealed, "enc"), .ct = text_of(sealed, "ct")},
                            middle.key, address(agent_address), issued.record.nonce);
  ASSERT_TRUE(key);
  const auto again = seal_key(key->reveal(), crypto::x25519_public_key(own.key),
                              address(agent_address), issued.record.nonce, random());
  answer["sealedApiKey"] = object{{"enc", again->enc}, {"ct", again->ct}};
  EXPECT_EQ(code_of(read_key_answer(base::to_text(answer),
                                    {.answered = Answered::invite,
                                     .agent = address(agent_address),
                                     .nonce = issued.record.nonce,
                                     .enc_pub = own.enc_pub},
                                    own.key)),
            "host_not_proven");
}

}  // namespace
}  // namespace kronborg::pairing

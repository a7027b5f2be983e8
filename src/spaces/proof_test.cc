#include "spaces/proof.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "spaces/walk_test.h"

namespace kronborg::spaces {
namespace {

// space-walk.http, steps 30 and 31.
constexpr auto challenge_id = "519b1c34-a1d3-4b89-bdc1-a17c36715e7f";
constexpr auto nonce = "bbc76f7492a4d8536a33c6edbe686c6f";
constexpr auto message =
    "kronborg identity proof v1\norigin: https://kronborg.example\n"
    "space: ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f\npurpose: attach\n"
    "subject: d9741469-9628-4f1a-ae09-bc1b8921cec8\n"
    "address: 0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6\n"
    "nonce: bbc76f7492a4d8536a33c6edbe686c6f\nexpires: 2026-11-02T09:06:00.000Z";
constexpr std::string_view signature =
    "0xc5b80d093ba7c948d59deb8eb840a8d4ac760f34260eb41454da503f0645ab96"
    "22e7429d5aff6a2b533d64ab1fe1b170c3554e3d3e83077ff2c5a9b14df24c451c";

std::string address_text(const std::optional<identity::Address>& address) {
  return address ? address->text() : "none";
}

TEST(SignerOf, TheSignatureOfTheWalk) {
  EXPECT_EQ(address_text(signer_of(message, signature)), walk_address);
}

TEST(SignerOf, WhatIsNoSignature) {
  const std::string whole(signature);
  const std::string digits = whole.substr(2, 128);
  EXPECT_EQ(signer_of(message, ""), std::nullopt);
  EXPECT_EQ(signer_of(message, whole.substr(2)), std::nullopt);
  EXPECT_EQ(signer_of(message, whole + "00"), std::nullopt);
  EXPECT_EQ(signer_of(message, whole.substr(0, 131)), std::nullopt);
  EXPECT_EQ(signer_of(message, "0x" + digits + "zz"), std::nullopt);
  for (const char* v : {"00", "01", "1a", "1d", "1e"})
    EXPECT_EQ(signer_of(message, "0x" + digits + v), std::nullopt) << v;
  // n - s, and the other v: the same signer by the mathematics, refused for its high s.
  EXPECT_EQ(
      signer_of(message, "0x" + digits.substr(0, 64) +
                             "dd18bd62a50095d4acc29b54e01e4e8df7598ea870c598bbcd0cb4db8243f4fc1b"),
      std::nullopt);
  EXPECT_NE(address_text(signer_of(std::string(message) + "\n", signature)), walk_address);
}

TEST(AddressInput, LowerCaseOrTheChecksum) {
  EXPECT_EQ(address_text(address_from_input(walk_address)), walk_address);
  EXPECT_EQ(address_text(address_from_input(walk_address_lower)), walk_address);
  EXPECT_FALSE(address_from_input("0x2561EF44A9DF821A95F9EB83353D809F7DFDFEC6"));
  EXPECT_FALSE(address_from_input("0x2561Ef44A9Df821a95f9Eb83353d809f7DfDfEc6"));
  EXPECT_FALSE(address_from_input("0X2561ef44a9df821a95f9eb83353d809f7dfdfec6"));
  EXPECT_FALSE(address_from_input("2561ef44a9df821a95f9eb83353d809f7dfdfec6"));
  EXPECT_FALSE(address_from_input("0x2561ef44a9df821a95f9eb83353d809f7dfdfe"));
  EXPECT_FALSE(address_from_input(""));
}

class ProofTest : public WalkTest {
 protected:
  base::Result<Challenge> ask(const Member& who, std::string_view address = walk_address) {
    const Caller by_whom = caller(who);
    const auto wanted = address_from_input(address).value();
    return write([&](Act& act) { return challenge(act, by_whom, wanted); }, by(who));
  }
  base::Result<Proven> prove(const Member& who, std::string_view id, std::string_view signed_by) {
    const Caller by_whom = caller(who);
    return write([&](Act& act) { return attach(act, by_whom, id, signed_by); }, by(who));
  }
  std::string give_up(const Member& who) {
    const Caller by_whom = caller(who);
    return code_of(write([&](Act& act) { return detach(act, by_whom); }, by(who)));
  }
  /// The challenge of step 30, as if the seller had asked for it.
  void store_challenge(std::int64_t expires_at_ms) {
    ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
                TRY_VOID(
                    act.run("INSERT INTO space_challenges (id, space, key_id, purpose, "
                            "subject, address, nonce, expires_at_ms) VALUES ($1, $2, $3, "
                            "'attach', $4, $5, $6, $7)",
                            challenge_id, seller.space, seller.key_id, seller.id,
                            walk_address_lower, nonce, expires_at_ms));
                return {};
              })),
              "ok");
  }
};

TEST_F(ProofTest, TheProofOfTheWalk) {
  clock.set(base::parse_time("2026-11-02T09:04:03.050Z").value());
  store_challenge(base::parse_time("2026-11-02T09:06:00.000Z").value());
  const auto proven = prove(seller, challenge_id, signature);
  ASSERT_EQ(code_of(proven), "ok");
  EXPECT_EQ(proven->address.text(), walk_address);
  EXPECT_EQ(proven->verified_at_ms, clock.now_ms());
  // What the key is good for now is known with the next request.
  EXPECT_EQ(address_text(caller(seller).address), walk_address);
  EXPECT_EQ(audit_events(seller.space).back(), "identity.proven");
  const auto told = ears.take_texts();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with(R"(participant {"action":"verified")")) << told[0];
  EXPECT_NE(told[0].find(walk_address), std::string::npos);
  EXPECT_EQ(code_of(prove(seller, challenge_id, signature)), "challenge_expired");
}

TEST_F(ProofTest, AChallengeSaysWhatIsToBeSigned) {
  const Challenge made = ask(seller, walk_address_lower).value();
  EXPECT_EQ(made.expires_at_ms, test_time_ms + 120'000);
  EXPECT_EQ(made.nonce.size(), 32U);
  EXPECT_EQ(made.message,
            fmt::format("kronborg identity proof v1\norigin: https://kronborg.example\n"
                        "space: {}\npurpose: attach\nsubject: {}\naddress: {}\nnonce: {}\n"
                        "expires: 2026-11-02T09:02:00.000Z",
                        walk_space, walk_seller, walk_address, made.nonce));
  EXPECT_EQ(code_of(prove(seller, made.id, sign(made.message))), "ok");
}

TEST_F(ProofTest, ForAnInvitationItIsAboutJoining) {
  Caller invitation = caller(seller);
  invitation.type = KeyType::invitation;
  const auto made = write([&](Act& act) {
    return challenge(act, invitation, address_from_input(walk_address).value());
  });
  EXPECT_NE(made->message.find("\npurpose: join\nsubject: d9741469-"), std::string::npos);
}

TEST_F(ProofTest, AWrongSignatureUsesTheChallengeUp) {
  for (const std::string& wrong : {std::string("0x12"), sign("something else"), std::string("?")}) {
    const Challenge made = ask(seller).value();
    const auto refused = prove(seller, made.id, wrong);
    ASSERT_EQ(code_of(refused), "signature_invalid");
    EXPECT_EQ(refused.error().status(), 400);
    EXPECT_EQ(code_of(prove(seller, made.id, sign(made.message))), "challenge_expired");
  }
  const Challenge made = ask(seller).value();
  EXPECT_EQ(code_of(prove(seller, made.id, sign(made.message, "another key"))),
            "signature_invalid");
}

TEST_F(ProofTest, AChallengeIsForItsKeyAndItsTime) {
  const Challenge made = ask(seller).value();
  EXPECT_EQ(code_of(prove(buyer, made.id, sign(made.message))), "challenge_expired");
  clock.step(119'999);
  const Challenge second = ask(seller).value();
  EXPECT_EQ(code_of(prove(seller, made.id, sign(made.message))), "ok");
  clock.step(120'000);
  EXPECT_EQ(code_of(prove(seller, second.id, sign(second.message))), "challenge_expired");
}

TEST_F(ProofTest, AKeyHasFiveLiveChallengesTheOldestGoes) {
  std::vector<Challenge> made;
  for (int i = 0; i < 6; ++i) {
    clock.step(1);
    made.push_back(ask(seller).value());
  }
  EXPECT_EQ(code_of(ask(buyer)), "ok");
  EXPECT_EQ(number("SELECT COUNT(*) FROM space_challenges"), 6);
  EXPECT_EQ(code_of(prove(seller, made[0].id, sign(made[0].message))), "challenge_expired");
  EXPECT_EQ(code_of(prove(seller, made[1].id, sign(made[1].message))), "ok");
}

TEST_F(ProofTest, AnAddressIsOfOneActiveParticipant) {
  const Member third = add(buyer, "third-agent");
  verify(third, walk_address_lower);
  const Challenge made = ask(seller).value();
  EXPECT_EQ(code_of(prove(seller, made.id, sign(made.message))), "address_in_use");
  ASSERT_EQ(
      code_of(write([&](Act& act) -> base::Result<void> {
        TRY_VOID(act.run("UPDATE space_participants SET status = 'left' WHERE id = $1", third.id));
        return {};
      })),
      "ok");
  const Challenge again = ask(seller).value();
  EXPECT_EQ(code_of(prove(seller, again.id, sign(again.message))), "ok");
  const Challenge same = ask(seller).value();
  EXPECT_EQ(code_of(prove(seller, same.id, sign(same.message))), "ok");
}

TEST_F(ProofTest, ABlockedAddressIsRefused) {
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              TRY_VOID(
                  act.run("INSERT INTO space_blocks (space, kind, value, participant_id) "
                          "VALUES ($1, 'address', $2, 'x')",
                          seller.space, walk_address_lower));
              return {};
            })),
            "ok");
  const Challenge made = ask(seller).value();
  EXPECT_EQ(code_of(prove(seller, made.id, sign(made.message))), "blocked");
  EXPECT_FALSE(caller(seller).address);
}

TEST_F(ProofTest, ANewProofReplacesTheAddress) {
  verify(seller, "0x0000000000000000000000000000000000000001");
  const Challenge made = ask(seller).value();
  ASSERT_EQ(code_of(prove(seller, made.id, sign(made.message))), "ok");
  EXPECT_EQ(address_text(caller(seller).address), walk_address);
}

TEST_F(ProofTest, AnAddressCanBeGivenUp) {
  const Challenge made = ask(seller).value();
  ASSERT_EQ(code_of(prove(seller, made.id, sign(made.message))), "ok");
  ears.take();
  ASSERT_EQ(give_up(seller), "ok");
  EXPECT_FALSE(caller(seller).address);
  EXPECT_EQ(audit_events(seller.space).back(), "identity.removed");
  EXPECT_EQ(ears.take().size(), 1U);
  ASSERT_EQ(give_up(seller), "ok");
  EXPECT_TRUE(ears.take().empty());
}

TEST_F(ProofTest, NotWhereEverybodyNeedsOne) {
  verify(seller, walk_address_lower);
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              TRY_VOID(act.run("UPDATE spaces SET require_verified = 1"));
              return {};
            })),
            "ok");
  EXPECT_EQ(give_up(seller), "identity_required");
  EXPECT_EQ(address_text(caller(seller).address), walk_address);
}

}  // namespace
}  // namespace kronborg::spaces

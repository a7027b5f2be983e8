#include "spaces/signature.h"

#include <fmt/format.h>

#include "spaces/walk_test.h"

namespace kronborg::spaces {
namespace {

// space-walk.http, step 32.
constexpr auto walk_artifact = "aa551695-19a5-4e8a-8e4f-7e6f56ee7e79";
constexpr auto third_sha256 = "35acaeb658a8ad03419195cc7c15769253d75da3ab8fbfec6db9b1b47faad8e8";
constexpr auto walk_signature =
    "0xf6574f565d0600764cdc417463749e4dcb182d90642f955fd0016084c190479b"
    "319e619c4947a81752500c2c04987830c4cfaf73bc07976be178c18ac9e0b9711c";
constexpr auto walk_message =
    "kronborg artifact sign-off v1\norigin: https://kronborg.example\n"
    "space: ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f\n"
    "artifact: aa551695-19a5-4e8a-8e4f-7e6f56ee7e79\nrevision: 3\n"
    "sha256: 35acaeb658a8ad03419195cc7c15769253d75da3ab8fbfec6db9b1b47faad8e8\n"
    "intent: approve\naddress: 0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6";
constexpr auto second_sha256 = "9c473d51b67edbafd6dd6fa196898dcaa7401a16ced9822f4b3522cdc2a44646";

class SignatureTest : public WalkTest {
 protected:
  void SetUp() override {
    WalkTest::SetUp();
    const Caller by_seller = caller(seller);
    ASSERT_EQ(
        code_of(write([&](Act& act) -> base::Result<void> {
          TRY(const Artifact made,
              create_artifact(act, by_seller,
                              {.name = "agreement.md", .content = text("41,000", ""), .note = {}}));
          TRY_VOID(put(act, by_seller, made.id, text("39,500", "")));
          TRY_VOID(put(act, by_seller, made.id, text("39,500", "- Price freeze: 36 months\n")));
          TRY_VOID(act.run("UPDATE space_artifacts SET id = $1", walk_artifact));
          TRY_VOID(act.run("UPDATE space_revisions SET artifact = $1", walk_artifact));
          return {};
        })),
        "ok");
    ears.take();
  }

  static std::string text(std::string_view price, std::string_view more) {
    return fmt::format("# Licence 2027\n\n- Price: {} per year\n- Term: 24 months\n{}", price,
                       more);
  }
  static base::Result<Artifact> put(Act& act, const Caller& by_whom, std::string_view id,
                                    std::string content) {
    return write_artifact(act, by_whom, id, {.content = std::move(content), .name = {}, .note = {}},
                          {.if_match = {}, .base_revision = {}, .fencing_token = {}});
  }
  base::Result<Signature> sign_off(const Member& who, const NewSignature& wanted) {
    const Caller by_whom = caller(who);
    return write([&](Act& act) { return sign_artifact(act, by_whom, walk_artifact, wanted); },
                 by(who));
  }
  /// What the seller signs, signed.
  NewSignature signed_by_seller(std::int64_t revision, std::string_view sha256,
                                std::string_view intent) {
    const std::string message = fmt::format(
        "kronborg artifact sign-off v1\norigin: https://kronborg.example\nspace: {}\n"
        "artifact: {}\nrevision: {}\nsha256: {}\nintent: {}\naddress: {}",
        walk_space, walk_artifact, revision, sha256, intent, walk_address);
    return {.revision = revision,
            .sha256 = std::string(sha256),
            .intent = std::string(intent),
            .signature = sign(message)};
  }
  Artifact artifact() {
    return read([&](Act& act) { return read_artifact(act, buyer.space, walk_artifact); }).value();
  }
};

TEST_F(SignatureTest, TheSignOffOfTheWalk) {
  verify(seller, walk_address_lower);
  clock.step(10);
  const auto made =
      sign_off(seller, {.revision = 3, .sha256 = third_sha256, .signature = walk_signature});
  ASSERT_EQ(code_of(made), "ok");
  const auto body = render(*made);
  EXPECT_EQ(body.at("address").as_string(), walk_address);
  EXPECT_EQ(body.at("message").as_string(), walk_message);
  EXPECT_EQ(body.at("signature").as_string(), walk_signature);
  EXPECT_EQ(body.at("participantId").as_string(), walk_seller);
  EXPECT_EQ(body.at("signedAt").as_string(), "2026-11-02T09:00:00.010Z");
  std::string names;
  for (const auto& member : body) names += std::string(member.key()) + " ";
  EXPECT_EQ(names,
            "signatureId artifactId revision sha256 intent address participantId signature "
            "message signedAt ");

  const Artifact now = artifact();
  EXPECT_EQ(now.signature_count, 1);
  const auto revisions = read([&](Act& act) { return list_revisions(act, now, 0, 10); });
  EXPECT_EQ(revisions->items[1].signature_count, 0);
  EXPECT_EQ(revisions->items[2].signature_count, 1);
  EXPECT_EQ(audit_events(seller.space).back(), "artifact.signed");
  const auto told = ears.take_texts();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with(R"(artifact {"action":"signed")")) << told[0];
}

TEST_F(SignatureTest, OnlyAProvenAddressSigns) {
  const NewSignature wanted{.revision = 3, .sha256 = third_sha256, .signature = walk_signature};
  EXPECT_EQ(code_of(sign_off(seller, wanted)), "identity_required");
  verify(buyer, walk_address_lower);
  verify(seller, "0x0000000000000000000000000000000000000001");
  const auto refused = sign_off(seller, wanted);
  ASSERT_EQ(code_of(refused), "signature_invalid");
  EXPECT_EQ(refused.error().status(), 400);
  EXPECT_EQ(code_of(sign_off(buyer, wanted)), "ok");
}

TEST_F(SignatureTest, ASignatureIsForItsTextAlone) {
  verify(seller, walk_address_lower);
  EXPECT_EQ(code_of(sign_off(seller, {.revision = 3,
                                      .sha256 = third_sha256,
                                      .intent = "acknowledge",
                                      .signature = walk_signature})),
            "signature_invalid");
  EXPECT_EQ(code_of(sign_off(
                seller, {.revision = 2, .sha256 = second_sha256, .signature = walk_signature})),
            "signature_invalid");
  EXPECT_EQ(code_of(sign_off(seller, {.revision = 3, .sha256 = third_sha256, .signature = "0x"})),
            "signature_invalid");
  EXPECT_EQ(artifact().signature_count, 0);
}

TEST_F(SignatureTest, RevisionAndHashBelongTogether) {
  verify(seller, walk_address_lower);
  for (const auto& [revision, sha256] :
       {std::pair(2, third_sha256), std::pair(3, second_sha256), std::pair(4, third_sha256)}) {
    const auto refused = sign_off(seller, signed_by_seller(revision, sha256, "approve"));
    ASSERT_EQ(code_of(refused), "revision_conflict") << revision;
    EXPECT_EQ(refused.error().status(), 409);
  }
  EXPECT_EQ(code_of(sign_off(seller, signed_by_seller(2, second_sha256, "approve"))), "ok");
}

TEST_F(SignatureTest, ARepeatIsTheFirstRecord) {
  verify(seller, walk_address_lower);
  const Signature first = sign_off(seller, signed_by_seller(3, third_sha256, "approve")).value();
  clock.step(1'000);
  const Signature again = sign_off(seller, signed_by_seller(3, third_sha256, "approve")).value();
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.signed_at_ms, first.signed_at_ms);
  const auto other = sign_off(seller, signed_by_seller(3, third_sha256, "acknowledge"));
  EXPECT_NE(other->id, first.id);
  EXPECT_EQ(artifact().signature_count, 2);
}

TEST_F(SignatureTest, TheListCanBeOfOneRevision) {
  verify(seller, walk_address_lower);
  ASSERT_EQ(code_of(sign_off(seller, signed_by_seller(3, third_sha256, "approve"))), "ok");
  ASSERT_EQ(code_of(sign_off(seller, signed_by_seller(2, second_sha256, "approve"))), "ok");
  ASSERT_EQ(code_of(sign_off(seller, signed_by_seller(3, third_sha256, "acknowledge"))), "ok");
  const auto list = [&](std::optional<std::int64_t> revision, std::int64_t after, int limit) {
    return read([&](Act& act) {
             return list_signatures(act, walk_artifact, revision, after, limit);
           })
        .value();
  };
  EXPECT_EQ(list({}, 0, 10).items.size(), 3U);
  const auto first = list(3, 0, 1);
  ASSERT_EQ(first.items.size(), 1U);
  EXPECT_TRUE(first.has_more);
  const auto second = list(3, first.last, 1);
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_EQ(second.items[0].intent, "acknowledge");
  EXPECT_FALSE(second.has_more);
}

TEST_F(SignatureTest, AnArtifactHas1000SignaturesAtMost) {
  verify(seller, walk_address_lower);
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              for (int i = 1; i <= 1'000; ++i) {
                TRY_VOID(act.run(
                    "INSERT INTO space_signatures (id, space, artifact, position, revision, "
                    "sha256, intent, address, participant_id, signature, message, signed_at_ms) "
                    "VALUES ($1, $2, $3, $4, 1, 'x', 'approve', $1, 'x', 'x', 'x', 1)",
                    std::to_string(i), buyer.space, walk_artifact, i));
              }
              return {};
            })),
            "ok");
  EXPECT_EQ(code_of(sign_off(seller, signed_by_seller(3, third_sha256, "approve"))),
            "limit_reached");
}

}  // namespace
}  // namespace kronborg::spaces

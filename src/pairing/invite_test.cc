#include "pairing/invite.h"

#include "pairing/fixture_test.h"
#include "pairing/proofs.h"

namespace kronborg::pairing {
namespace {

TEST(Invite, TextsSignaturesAndLinksOfTheVectors) {
  const object file = support::known_answers("pairing.json");
  support::for_each_row(file, "invites", [](const object& row) {
    const auto invite = read_invite(row.at("payload").as_object());
    ASSERT_EQ(told(invite), "ok");
    const auto key = support::secret_of(text_of(row, "private_key_hex"));
    const std::string sig_text = invite_text(invite->addr, invite->nonce, invite->exp);
    EXPECT_EQ(sig_text, text_of(row, "sig_text"));
    EXPECT_EQ(signed_text(key, identity::Prefix::invite, sig_text), "0x" + invite->sig);
    const std::string covered = covered_by_sig2(invite->members);
    EXPECT_EQ(covered, text_of(row, "sig2_text"));
    EXPECT_EQ(signed_text(key, identity::Prefix::kronborg_invite, covered), "0x" + *invite->sig2);
    EXPECT_EQ(signer_of(*invite), identity::address_of(key));
    EXPECT_EQ(invite_link(*invite), text_of(row, "deep_link"));
    const auto read = parse_invite_link(text_of(row, "deep_link"));
    ASSERT_EQ(told(read), "ok");
    EXPECT_EQ(read->members, invite->members);
  });
}

TEST(Invite, Sig2CoversWhatTheReaderDoesNotKnow) {
  const object file = support::known_answers("pairing.json");
  object members = file.at("invites").at(0).at("payload").as_object();
  members["encPub"] = "x";
  members["nothing"] = nullptr;
  EXPECT_EQ(covered_by_sig2(members), text_of(file.at("invites").at(0).as_object(), "sig2_text"));
  EXPECT_TRUE(signer_of(read_invite(members).value()));
  members["colour"] = "red";
  EXPECT_FALSE(signer_of(read_invite(members).value()));
}

TEST(Invite, MembersAndTypes) {
  const object file = support::known_answers("pairing.json");
  const object good = file.at("invites").at(0).at("payload").as_object();
  for (const char* const name : {"addr", "exp", "name", "nonce", "url", "v", "sig"}) {
    object less = good;
    less.erase(name);
    EXPECT_EQ(code_of(read_invite(less)), "invite_malformed") << name;
    object wrong = good;
    wrong[name] = true;
    EXPECT_EQ(code_of(read_invite(wrong)), "invite_malformed") << name;
  }
  for (const char* const name : {"desc", "sig2"}) {
    object less = good;
    less.erase(name);
    EXPECT_EQ(code_of(read_invite(less)), "ok") << name;
    object wrong = good;
    wrong[name] = 1;
    EXPECT_EQ(code_of(read_invite(wrong)), "invite_malformed") << name;
  }
  object second = good;
  second["v"] = 2;
  EXPECT_EQ(code_of(read_invite(second)), "invite_version");
}

TEST(Invite, OtherTextsAreNoLinks) {
  const object file = support::known_answers("pairing.json");
  const std::string link = text_of(file.at("invites").at(0).as_object(), "deep_link");
  const std::size_t question = link.find('?');
  const std::string payload = link.substr(question + 6);
  const std::string base_part = link.substr(0, question);
  EXPECT_EQ(code_of(parse_invite_link(base_part + "/?x=1&pair=" + payload)), "ok");
  for (const std::string& text :
       {std::string(), std::string("osaurus://"), base_part, base_part + "?", base_part + "?pair=",
        base_part + "?pair=" + payload + "=", base_part + "?pair=" + payload + "&pair=" + payload,
        base_part + "?Pair=" + payload, "https" + link.substr(7),
        "osaurus://0x1111111111111111111111111111111111111111?pair=" + payload,
        "osaurus://x?pair=" + payload, base_part + "?pair=bnVsbA",
        base_part + "?pair=" + base::base64url(base::bytes_of("{}"))}) {
    EXPECT_EQ(code_of(parse_invite_link(text)), "invite_link_malformed") << text;
  }
  object second = file.at("invites").at(0).at("payload").as_object();
  second["v"] = 2;
  EXPECT_EQ(code_of(parse_invite_link(
                base_part + "?pair=" + base::base64url(base::bytes_of(base::to_text(second))))),
            "invite_version");
}

TEST(InviteLives, AreFour) {
  EXPECT_EQ(seconds_of(invite_life_named("1h").value()), 3'600);
  EXPECT_EQ(seconds_of(invite_life_named("1d").value()), 86'400);
  EXPECT_EQ(seconds_of(invite_life_named("7d").value()), 604'800);
  EXPECT_EQ(seconds_of(invite_life_named("30d").value()), 2'592'000);
  for (const char* const name : {"", "2d", "1H", "never"}) EXPECT_FALSE(invite_life_named(name));
}

}  // namespace
}  // namespace kronborg::pairing

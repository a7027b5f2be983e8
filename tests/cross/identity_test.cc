#include <array>

#include "cross/peer.h"
#include "identity/address.h"
#include "identity/derivation.h"
#include "identity/mnemonic.h"
#include "identity/signature_text.h"
#include "identity/signed_message.h"

namespace kronborg::cross {
namespace {

using identity::KeyKind;
using identity::Prefix;

TEST_F(CrossTest, DerivedKeysAreTheSame) {
  for (int round = 0; round < rounds; ++round) {
    const auto master = identity::new_master_key(random_);
    const std::string digits = base::hex(master.reveal());
    const std::string scope = coin() ? hex_digits(4) : "";
    const auto index = static_cast<std::uint32_t>(coin() ? below(5) : below(1ULL << 32U));
    const auto agent = identity::derive_agent_key(master, {scope, index});
    ASSERT_TRUE(agent);
    auto theirs = peer().ask(
        "derive", {{"master", digits}, {"kind", "agent"}, {"scope", scope}, {"index", index}});
    EXPECT_EQ(text_in(theirs, "private_key"), base::hex(agent->reveal()));
    EXPECT_EQ(text_in(theirs, "address"), identity::address_of(*agent).text());
    theirs = peer().ask("derive", {{"master", digits}, {"kind", "pairing"}});
    EXPECT_EQ(text_in(theirs, "private_key"),
              base::hex(identity::derive_pairing_key(master)->reveal()));
    theirs = peer().ask("derive", {{"master", digits}, {"kind", "connect"}, {"device_id", scope}});
    EXPECT_EQ(text_in(theirs, "private_key"),
              base::hex(identity::derive_connect_key(master, scope)->reveal()));
  }
}

TEST_F(CrossTest, WordsAreReadByTheOther) {
  for (int round = 0; round < rounds; ++round) {
    const auto master = identity::new_master_key(random_);
    const std::string digits = base::hex(master.reveal());
    const std::string ours(identity::words_of(master).reveal());
    EXPECT_EQ(text_in(peer().ask("words", {{"master", digits}}), "words"), ours);
    EXPECT_EQ(text_in(peer().ask("unwords", {{"words", ours}}), "master"), digits);
  }
}

TEST_F(CrossTest, SignaturesAreThoseOfTheOther) {
  constexpr std::array prefixes{Prefix::access,         Prefix::message, Prefix::pairing,
                                Prefix::pairing_server, Prefix::invite,  Prefix::kronborg_invite,
                                Prefix::secure_channel, Prefix::ethereum};
  for (int round = 0; round < rounds; ++round) {
    const auto key = identity::new_master_key(random_);
    const Prefix prefix = prefixes[below(prefixes.size())];
    const auto payload = bytes(below(300));
    const auto ours = identity::sign(key, prefix, payload);
    const json::object asked{{"prefix", identity::prefix_text(prefix)},
                             {"payload", base::hex(payload)}};
    json::object to_sign = asked;
    to_sign["private_key"] = base::hex(key.reveal());
    const auto theirs = peer().ask("sign", to_sign);
    EXPECT_EQ(text_in(theirs, "digest"), base::hex(identity::envelope_digest(prefix, payload)));
    // Both draw the nonce as RFC 6979 says, so that the signatures are the same bytes.
    EXPECT_EQ(text_in(theirs, "signature"), base::hex(ours));
    json::object to_recover = asked;
    to_recover["signature"] = base::hex(ours);
    EXPECT_EQ(text_in(peer().ask("recover", to_recover), "address"),
              identity::address_of(key).text());
  }
}

/// A changed bit gives both the same answer, whatever that is: another address or none.
TEST_F(CrossTest, AlteredSignaturesAreJudgedAlike) {
  for (int round = 0; round < rounds; ++round) {
    const auto key = identity::new_master_key(random_);
    const auto payload = bytes(1 + below(100));
    auto signature = identity::sign(key, Prefix::access, payload);
    signature[below(signature.size())] ^= static_cast<std::uint8_t>(1U << below(8));
    const auto ours = identity::recover_signer(Prefix::access, payload, signature);
    const auto theirs = peer().ask("recover", {{"prefix", identity::prefix_text(Prefix::access)},
                                               {"payload", base::hex(payload)},
                                               {"signature", base::hex(signature)}});
    const auto& address = theirs.at("address");
    ASSERT_EQ(address.is_null(), !ours) << base::hex(signature);
    if (ours) {
      EXPECT_EQ(text_in(theirs, "address"), ours->text());
      EXPECT_NE(*ours, identity::address_of(key));
    }
  }
}

}  // namespace
}  // namespace kronborg::cross

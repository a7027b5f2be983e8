#include <cstdio>

#include "cross/peer.h"
#include "crypto/spake2.h"
#include "pairing/seal.h"

namespace kronborg::cross {
namespace {

using crypto::Spake2Role;

class PhoneTest : public CrossTest {
 protected:
  std::string six_digits() {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%06d", static_cast<int>(below(1'000'000)));
    return text.data();
  }
  /// One exchange: `own` is our role; what both agreed on, ours first.
  struct Run {
    crypto::Spake2Agreement ours;
    json::object theirs;
  };
  Run run(Spake2Role own, const std::string& our_code, const std::string& their_code,
          const std::string& device, const std::string& device_name) {
    const crypto::Spake2 side(own, crypto::spake2_password(our_code), random_);
    const auto other = peer().ask(
        "spake2", {{"role", own == Spake2Role::host ? "phone" : "host"}, {"code", their_code}});
    const auto share = crypto::read_spake2_share(
        base::hex_strict(text_in(other, "share")).value_or(base::Bytes()));
    EXPECT_TRUE(share);
    auto agreed = side.agree(share.value(), {device, device_name});
    EXPECT_TRUE(agreed);
    return {.ours = std::move(*agreed),
            .theirs = peer().ask("spake2_finish", {{"handle", other.at("handle")},
                                                   {"share", base::hex(side.share())},
                                                   {"device_id", device},
                                                   {"device_name", device_name}})};
  }
};

TEST_F(PhoneTest, BothAgreeInEitherRole) {
  for (int round = 0; round < rounds; ++round) {
    const std::string code = six_digits();
    const std::string device = name(20);
    const auto role = coin() ? Spake2Role::host : Spake2Role::phone;
    const Run agreed = run(role, code, code, device, name(40));
    const std::string session = base::hex(agreed.ours.session.reveal());
    ASSERT_EQ(text_in(agreed.theirs, "session"), session);
    EXPECT_EQ(text_in(agreed.theirs, "confirm_host"), base::hex(agreed.ours.host_confirmation));
    EXPECT_EQ(text_in(agreed.theirs, "confirm_phone"), base::hex(agreed.ours.phone_confirmation));
    const auto plain = bytes(1 + below(300));
    const std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
    const json::object place{{"session", session}, {"device_id", device}};
    json::object to_open = place;
    to_open["sealed"] = pairing::seal_payload(agreed.ours.session, device, text, random_);
    EXPECT_EQ(text_in(peer().ask("phone_open", to_open), "plaintext"), base::hex(plain));
    json::object to_seal = place;
    to_seal["plaintext"] = base::hex(plain);
    const auto opened = pairing::open_payload(agreed.ours.session, device,
                                              text_in(peer().ask("phone_seal", to_seal), "sealed"));
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), text);
  }
}

TEST_F(PhoneTest, AnotherCodeNameOrIdAgreesOnNothing) {
  for (int round = 0; round < 100; ++round) {
    const std::string code = six_digits();
    std::string other = six_digits();
    if (other == code) other[0] = other[0] == '0' ? '1' : '0';
    const Run apart = run(Spake2Role::host, code, other, "device", "name");
    EXPECT_NE(text_in(apart.theirs, "session"), base::hex(apart.ours.session.reveal()));
    EXPECT_NE(text_in(apart.theirs, "confirm_host"), base::hex(apart.ours.host_confirmation));
    EXPECT_NE(text_in(apart.theirs, "confirm_phone"), base::hex(apart.ours.phone_confirmation));
  }
}

}  // namespace
}  // namespace kronborg::cross

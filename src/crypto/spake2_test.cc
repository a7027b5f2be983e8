#include "crypto/spake2.h"

#include <gtest/gtest.h>

#include "crypto/secp256k1.h"
#include "support/known_answers.h"

namespace kronborg::crypto {
namespace {

using support::text_of;
using support::json::object;

Spake2 side(Spake2Role role, std::string_view code, const object& row) {
  support::GivenRandom random(
      support::bytes_of(row, role == Spake2Role::phone ? "phone_secret_hex" : "host_secret_hex"));
  return {role, spake2_password(code), random};
}

// The masks are not visible from outside: a run with another M or N gives other shares and keys.
TEST(Spake2, EveryRunOfTheVectors) {
  const auto file = support::known_answers("spake2.json");
  support::for_each_row(file, "runs", [](const object& row) {
    const std::string code = text_of(row, "code");
    EXPECT_EQ(base::hex(spake2_password(code).reveal()), text_of(row, "w_hex"));
    const Spake2 phone = side(Spake2Role::phone, code, row);
    const Spake2 host = side(Spake2Role::host, code, row);
    EXPECT_EQ(base::hex(phone.share()), text_of(row, "phone_share_hex"));
    EXPECT_EQ(base::hex(host.share()), text_of(row, "host_share_hex"));
    const std::string id = text_of(row, "device_id");
    const std::string name = text_of(row, "device_name");
    const auto at_phone = phone.agree(host.share(), {.id = id, .name = name});
    const auto at_host = host.agree(phone.share(), {.id = id, .name = name});
    for (const auto* agreed : {&at_phone, &at_host}) {
      ASSERT_TRUE(*agreed);
      EXPECT_EQ(base::hex((*agreed)->session.reveal()), text_of(row, "session_key_hex"));
      EXPECT_EQ(base::hex((*agreed)->phone_confirmation), text_of(row, "confirm_phone_hex"));
      EXPECT_EQ(base::hex((*agreed)->host_confirmation), text_of(row, "confirm_host_hex"));
    }
  });
}

TEST(Spake2, Passwords) {
  const auto file = support::known_answers("spake2.json");
  support::for_each_row(file, "passwords", [](const object& row) {
    EXPECT_EQ(base::hex(spake2_password(text_of(row, "code")).reveal()), text_of(row, "w_hex"));
  });
}

TEST(Spake2, WhoDiffersInAnythingIsNotConfirmed) {
  const auto file = support::known_answers("spake2.json");
  support::for_each_row(file, "mismatches", [](const object& row) {
    const object& at_host = row.at("host").as_object();
    const object& at_phone = row.at("phone").as_object();
    const Spake2 host = side(Spake2Role::host, text_of(at_host, "code"), row);
    const Spake2 phone = side(Spake2Role::phone, text_of(at_phone, "code"), row);
    const auto agree = [](const Spake2& own, const Spake2& other, const object& of) {
      const std::string id = text_of(of, "device_id");
      const std::string name = text_of(of, "device_name");
      return own.agree(other.share(), {.id = id, .name = name});
    };
    const auto sent = agree(phone, host, at_phone);
    const auto expected = agree(host, phone, at_host);
    ASSERT_TRUE(sent && expected);
    EXPECT_EQ(base::base64url(sent->phone_confirmation), text_of(row, "confirm_sent_by_phone"));
    EXPECT_EQ(base::base64url(expected->phone_confirmation),
              text_of(row, "confirm_expected_by_host"));
    EXPECT_FALSE(sent->session == expected->session);
    EXPECT_NE(sent->host_confirmation, expected->host_confirmation);
  });
}

TEST(Spake2, InvalidSharesAreNotRead) {
  const auto file = support::known_answers("spake2.json");
  support::for_each_row(file, "invalid_shares", [](const object& row) {
    EXPECT_FALSE(read_spake2_share(support::bytes_of(row, "share_hex")));
  });
}

TEST(Spake2, AShareThatIsTheMaskAloneHasNoSharedPoint) {
  const auto file = support::known_answers("spake2.json");
  const object& known = file.at("wrong_code_share").as_object();
  const auto share = read_spake2_share(support::bytes_of(known, "share_hex"));
  ASSERT_TRUE(share);
  base::SystemRandom random;
  const Spake2 host(Spake2Role::host, spake2_password(text_of(known, "code")), random);
  EXPECT_FALSE(host.agree(*share, {.id = "device-1", .name = "Test iPhone"}));
  const Spake2 other(Spake2Role::host, spake2_password("999999"), random);
  EXPECT_TRUE(other.agree(*share, {.id = "device-1", .name = "Test iPhone"}));
}

TEST(Spake2, ScalarsOutsideOfTheGroupAreDrawnAgain) {
  support::GivenRandom random;
  random.give(std::array<std::uint8_t, 32>{});  // zero
  std::array<std::uint8_t, 32> too_large{};
  too_large.fill(0xFF);
  random.give(too_large);
  const auto good = std::array<std::uint8_t, 32>{1};
  random.give(good);
  const Spake2 drawn(Spake2Role::phone, spake2_password("123456"), random);
  EXPECT_EQ(random.left(), 0U);
  support::GivenRandom direct(good);
  EXPECT_EQ(drawn.share(), Spake2(Spake2Role::phone, spake2_password("123456"), direct).share());
}

TEST(Spake2, FreshExchangesAgree) {
  base::SystemRandom random;
  for (int i = 0; i < 20; ++i) {
    const Spake2 phone(Spake2Role::phone, spake2_password("042317"), random);
    const Spake2 host(Spake2Role::host, spake2_password("042317"), random);
    const Spake2Device device{.id = "a", .name = "b"};
    const auto one = phone.agree(host.share(), device);
    const auto two = host.agree(phone.share(), device);
    ASSERT_TRUE(one && two);
    EXPECT_TRUE(one->session == two->session);
    EXPECT_NE(one->host_confirmation, one->phone_confirmation);
  }
}

}  // namespace
}  // namespace kronborg::crypto

#include "pairing/code.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <thread>

#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

constexpr crypto::Spake2Device device{.id = "device-1", .name = "Test iPhone"};
constexpr std::string_view source = "192.168.1.7";

class CodesTest : public testing::Test {
 protected:
  NewCode issue() { return codes_.issue(std::string(agent_id), "Phone"); }
  crypto::Spake2 phone(std::string_view code) {
    return {crypto::Spake2Role::phone, crypto::spake2_password(code), random_};
  }
  base::Result<Codes::Exchanged> exchange(const crypto::Spake2& own) {
    return codes_.exchange(source, device, own.share());
  }
  static std::string confirmation(const crypto::Spake2& own, const Codes::Exchanged& exchanged) {
    return base::base64url(own.agree(exchanged.share, device)->phone_confirmation);
  }
  /// From the code to the outcome of confirm().
  std::string pair(std::string_view code, std::string_view confirming_source = source) {
    const auto own = phone(code);
    const auto exchanged = exchange(own);
    if (!exchanged) return code_of(exchanged);
    return code_of(codes_.confirm(confirming_source, exchanged->exchange,
                                  confirmation(own, *exchanged), false));
  }

  authority::SetClock clock_;
  base::SystemRandom random_;
  int changes_ = 0;
  Codes codes_{clock_, random_, [this] { ++changes_; }};
};

TEST_F(CodesTest, TheRightCodeClaimsAndEnds) {
  const NewCode made = issue();
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(codes_.current()->attempts_left, 5);
  EXPECT_EQ(codes_.current()->expires_at_ms, clock_.now_ms() + 300'000);
  const auto own = phone(made.code.reveal());
  const auto exchanged = exchange(own);
  ASSERT_EQ(told(exchanged), "ok");
  EXPECT_EQ(codes_.current()->attempts_left, 4);
  const auto agreed = own.agree(exchanged->share, device);
  EXPECT_EQ(agreed->host_confirmation, exchanged->confirmation);
  const auto claim = codes_.confirm(source, exchanged->exchange,
                                    base::base64url(agreed->phone_confirmation), false);
  ASSERT_EQ(told(claim), "ok");
  EXPECT_TRUE(claim->session == agreed->session);
  EXPECT_EQ(claim->device_id, "device-1");
  EXPECT_EQ(claim->agent_id, agent_id);
  // Claimed: nobody else may use it meanwhile.
  EXPECT_FALSE(codes_.current());
  EXPECT_EQ(pair(made.code.reveal()), "invalid_code");
  codes_.used(*claim);
  EXPECT_EQ(changes_, 2);
  EXPECT_EQ(pair(made.code.reveal()), "invalid_code");
}

TEST_F(CodesTest, ACodeThatIsPutBackLivesOnWithoutItsExchange) {
  const NewCode made = issue();
  const auto own = phone(made.code.reveal());
  const auto exchanged = exchange(own).value();
  const auto text = confirmation(own, exchanged);
  const auto claim = codes_.confirm(source, exchanged.exchange, text, false).value();
  codes_.put_back(claim);
  EXPECT_EQ(code_of(codes_.confirm(source, exchanged.exchange, text, false)), "invalid_code");
  EXPECT_EQ(pair(made.code.reveal()), "ok");
}

TEST_F(CodesTest, FiveAttemptsWhoeverMakesThem) {
  const NewCode made = issue();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pair("not it"), "invalid_code");
  const auto own = phone(made.code.reveal());
  const auto fifth = exchange(own);
  ASSERT_EQ(told(fifth), "ok");
  EXPECT_EQ(codes_.current()->attempts_left, 0);
  EXPECT_EQ(code_of(exchange(own)), "invalid_code");
  // The one that was begun with the last attempt may end well.
  EXPECT_EQ(code_of(codes_.confirm(source, fifth->exchange, confirmation(own, *fifth), false)),
            "ok");
}

TEST_F(CodesTest, AShareWithoutASharedPointCostsAnAttempt) {
  const object file = support::known_answers("spake2.json");
  const object& known = file.at("wrong_code_share").as_object();
  // The digits of the vectors: 123456 drawn from four bytes.
  support::GivenRandom digits(support::array_of<4>("0001e240"));
  digits.give(base::Bytes(16 + 32 + 16, 1));  // the id of the code, the host's scalar, more
  Codes codes(clock_, digits, {});
  const NewCode made = codes.issue({}, "Phone");
  ASSERT_EQ(made.code.reveal(), text_of(known, "code"));
  const auto share = crypto::read_spake2_share(support::bytes_of(known, "share_hex")).value();
  EXPECT_EQ(code_of(codes.exchange(source, device, share)), "invalid_code");
  EXPECT_EQ(codes.current()->attempts_left, 4);
}

TEST_F(CodesTest, EndsAfterFiveMinutes) {
  const NewCode made = issue();
  const auto own = phone(made.code.reveal());
  const auto exchanged = exchange(own).value();
  clock_.step(299'999);
  EXPECT_TRUE(codes_.current());
  clock_.step(1);
  EXPECT_FALSE(codes_.current());
  EXPECT_EQ(changes_, 2);
  EXPECT_EQ(code_of(exchange(own)), "invalid_code");
  EXPECT_EQ(
      code_of(codes_.confirm(source, exchanged.exchange, confirmation(own, exchanged), false)),
      "invalid_code");
}

TEST_F(CodesTest, ANewCodeEndsTheOneBefore) {
  const NewCode first = issue();
  const auto own = phone(first.code.reveal());
  const auto exchanged = exchange(own).value();
  const NewCode second = issue();
  EXPECT_EQ(
      code_of(codes_.confirm(source, exchanged.exchange, confirmation(own, exchanged), false)),
      "invalid_code");
  EXPECT_FALSE(codes_.end(first.facts.id));
  EXPECT_TRUE(codes_.end(second.facts.id));
  EXPECT_FALSE(codes_.end(second.facts.id));
  EXPECT_FALSE(codes_.current());
}

TEST_F(CodesTest, EndsWithItsAgent) {
  issue();
  codes_.end_of_agent("another");
  EXPECT_TRUE(codes_.current());
  codes_.end_of_agent(agent_id);
  EXPECT_FALSE(codes_.current());
  static_cast<void>(codes_.issue({}, "master"));
  codes_.end_of_agent(agent_id);
  EXPECT_TRUE(codes_.current());
}

TEST_F(CodesTest, AWrongConfirmationSpendsTheExchange) {
  const NewCode made = issue();
  const auto own = phone(made.code.reveal());
  const auto exchanged = exchange(own).value();
  const std::string good = confirmation(own, exchanged);
  for (const std::string& bad :
       {std::string(43, 'A'), std::string(), good + "=", good.substr(0, 42)}) {
    const auto again = exchange(own);
    if (!again) break;
    EXPECT_EQ(code_of(codes_.confirm(source, again->exchange, bad, false)), "invalid_code");
    EXPECT_EQ(code_of(codes_.confirm(source, again->exchange, confirmation(own, *again), false)),
              "invalid_code");
  }
  EXPECT_EQ(code_of(codes_.confirm(source, exchanged.exchange, good, false)), "ok");
}

TEST_F(CodesTest, OnlyWhoBeganConfirms) {
  const NewCode made = issue();
  EXPECT_EQ(pair(made.code.reveal(), "192.168.1.8"), "invalid_code");
  const auto own = phone(made.code.reveal());
  const auto exchanged = exchange(own).value();
  const std::string good = confirmation(own, exchanged);
  EXPECT_EQ(code_of(codes_.confirm("192.168.1.8", exchanged.exchange, good, false)),
            "invalid_code");
  EXPECT_EQ(code_of(codes_.confirm(source, base::uuid4(random_), good, false)), "invalid_code");
  EXPECT_EQ(code_of(codes_.confirm(source, exchanged.exchange, good, false)), "ok");
}

TEST_F(CodesTest, BeingLockedCostsNothing) {
  const NewCode made = issue();
  const auto own = phone(made.code.reveal());
  const auto exchanged = exchange(own).value();
  const std::string good = confirmation(own, exchanged);
  EXPECT_EQ(code_of(codes_.confirm(source, exchanged.exchange, good, true)), "identity_locked");
  EXPECT_EQ(code_of(codes_.confirm(source, base::uuid4(random_), good, true)), "invalid_code");
  EXPECT_EQ(code_of(codes_.confirm(source, exchanged.exchange, good, false)), "ok");
}

TEST_F(CodesTest, OfManyConfirmationsOneIsTaken) {
  const NewCode made = issue();
  const auto own = phone(made.code.reveal());
  const auto exchanged = exchange(own).value();
  const std::string good = confirmation(own, exchanged);
  std::atomic<int> claimed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 64; ++t) {
      threads.emplace_back(
          [&] { claimed += codes_.confirm(source, exchanged.exchange, good, false) ? 1 : 0; });
    }
  }
  EXPECT_EQ(claimed, 1);
}

TEST_F(CodesTest, NoMoreThanFiveOfManyAtOnce) {
  const NewCode made = issue();
  const auto own = phone("000000");
  std::atomic<int> exchanged{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&] { exchanged += exchange(own) ? 1 : 0; });
    }
  }
  EXPECT_EQ(exchanged, 5);
}

TEST(CodeDigits, AreUniformAndZerosStay) {
  authority::SetClock clock;
  const auto digits_of = [&](std::string_view hex) {
    support::GivenRandom random(*base::hex_strict(hex));
    random.give(base::Bytes(16, 0));
    Codes codes(clock, random, {});
    const NewCode made = codes.issue({}, "x");
    EXPECT_EQ(random.left(), 0U);
    return std::string(made.code.reveal());
  };
  EXPECT_EQ(digits_of("00000000"), "000000");
  EXPECT_EQ(digits_of("0000a55d"), "042333");
  EXPECT_EQ(digits_of("000f423f"), "999999");
  EXPECT_EQ(digits_of("000f4240"), "000000");
  // 4,294,000,000 and above would favour the codes below 967296: drawn again.
  EXPECT_EQ(digits_of("fff13d7f"), "999999");
  EXPECT_EQ(digits_of("fff13d8000000007"), "000007");
  EXPECT_EQ(digits_of("ffffffff00000008"), "000008");
}

}  // namespace
}  // namespace kronborg::pairing

#include "channel/sessions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <thread>

#include "channel/fixture_test.h"
#include "channel/inner.h"

namespace kronborg::channel {
namespace {

class SessionsTest : public testing::Test {
 protected:
  /// The host's whole decision on a call: code, or `ok`.
  std::string call(const object& request) {
    const auto read = read_sealed_call(on_the_wire(request));
    if (!read) return code_of(read);
    const auto opened = sessions_.open(*read);
    if (!opened) return code_of(opened);
    return code_of(read_inner_request(opened->inner.reveal()));
  }
  const object& first_session() { return file_.at("sessions").at(0).as_object(); }
  const object& first_request() {
    return first_session().at("calls").at(0).at("request").as_object();
  }

  object file_ = support::known_answers("secure_channel.json");
  SetClock clock_;
  Sessions sessions_{clock_};
};

TEST_F(SessionsTest, CallsOfTheVectorsOpen) {
  support::for_each_row(file_, "sessions", [&](const object& session) {
    sessions_.add(session_of(session));
    support::for_each_row(session, "calls", [&](const object& row) {
      const auto read = read_sealed_call(on_the_wire(row.at("request").as_object()));
      ASSERT_EQ(code_of(read), "ok");
      const auto opened = sessions_.open(*read);
      ASSERT_EQ(code_of(opened), "ok");
      EXPECT_EQ(opened->inner.reveal(), text_of(row, "plaintext"));
      EXPECT_EQ(base::hex(opened->response_key.reveal()), text_of(row, "response_key_hex"));
      EXPECT_EQ(code_of(sessions_.open(*read)), "secure_replay");
    });
  });
}

TEST_F(SessionsTest, WhatMustFailFailsWithItsCode) {
  support::for_each_of_kind(file_, "must_fail", "call", [&](const object& row) {
    sessions_.add(session_of(first_session()));  // a fresh window for each
    const object& expected = row.at("expect").as_object();
    const std::string code = call(row.at("request").as_object());
    EXPECT_EQ(code, text_of(expected, "code"));
    EXPECT_EQ(base::facts(base::code_named(code).value()).http_status,
              expected.at("status").as_int64());
  });
}

TEST_F(SessionsTest, TheFirstFailingRowDecides) {
  object request = first_request();
  request["v"] = 2;
  request["ct"] = "====";
  request["seq"] = "0";
  EXPECT_EQ(call(request), "secure_session_unknown");
  sessions_.add(session_of(first_session()));
  EXPECT_EQ(call(request), "secure_decrypt_failed");
  for (const char* const member : {"v", "sid", "seq", "ct"}) {
    object less = request;
    less.erase(member);
    EXPECT_EQ(call(less), "secure_malformed") << member;
  }
  for (const char* const seq : {"1.0", "1e0", "18446744073709551616", "\"1\"", "null"}) {
    object other = first_request();
    other["seq"] = seq;
    EXPECT_EQ(call(other), "secure_malformed") << seq;
  }
  EXPECT_EQ(call(first_request()), "ok");
}

TEST_F(SessionsTest, ANumberCountsOnlyAfterTheTagVerified) {
  sessions_.add(session_of(first_session()));
  object forged = first_request();
  forged["ct"] = base::base64url(base::Bytes(32, 7));
  EXPECT_EQ(call(forged), "secure_decrypt_failed");
  EXPECT_EQ(call(first_request()), "ok");
  EXPECT_EQ(call(forged), "secure_decrypt_failed");
}

TEST_F(SessionsTest, TheNumberOfAMalformedInnerRequestStaysUsed) {
  sessions_.add(session_of(first_session()));
  const auto& rows = file_.at("must_fail").as_array();
  const auto row = std::ranges::find_if(
      rows, [](const auto& one) { return one.at("name") == "inner text not JSON"; });
  ASSERT_NE(row, rows.end());
  const object& request = row->at("request").as_object();
  EXPECT_EQ(call(request), "secure_malformed");
  EXPECT_EQ(call(request), "secure_replay");
}

TEST_F(SessionsTest, EndsAtItsTimeAndIsNotExtended) {
  sessions_.add(session_of(first_session()));
  const std::int64_t end = first_session().at("server_hello").at("expiresAt").as_int64();
  clock_.set(end - 1);
  EXPECT_EQ(call(first_request()), "ok");
  clock_.set(end);
  EXPECT_EQ(call(first_request()), "secure_session_unknown");
  EXPECT_EQ(sessions_.live(), 0U);
}

TEST_F(SessionsTest, EndsWithItsAgent) {
  sessions_.add(session_of(first_session()));
  sessions_.add(session_of(file_.at("sessions").at(1).as_object()));
  EXPECT_EQ(sessions_.end_of_agent(session_of(first_session()).agent), 1U);
  EXPECT_EQ(call(first_request()), "secure_session_unknown");
  EXPECT_EQ(sessions_.live(), 1U);
}

TEST_F(SessionsTest, OfManyCallsWithOneNumberOneIsExecuted) {
  sessions_.add(session_of(first_session()));
  const auto read = read_sealed_call(on_the_wire(first_request())).value();
  std::atomic<int> opened{0};
  std::atomic<int> replayed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 8; ++i) {
          const std::string code = code_of(sessions_.open(read));
          opened += code == "ok" ? 1 : 0;
          replayed += code == "secure_replay" ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(replayed, 63);
}

Sessions::New numbered(std::uint64_t number, std::int64_t expires_at, std::string_view source) {
  return {.sid = std::to_string(number),
          .keys = {},
          .expires_at = expires_at,
          .agent = {},
          .source = base::source_of(source)};
}

TEST_F(SessionsTest, TwoHundredAndFiftySixAndThirtyTwoOfOneSource) {
  const auto is_known = [&](std::uint64_t number) {
    return code_of(sessions_.open({.v = 1, .sid = std::to_string(number), .seq = 1, .ct = ""})) !=
           "secure_session_unknown";
  };
  const std::int64_t end = clock_.now() + 1000;
  sessions_.add(numbered(1, end + 5, "192.0.2.1"));
  sessions_.add(numbered(2, end, "192.0.2.1"));  // the first to end of this source
  for (std::uint64_t i = 3; i <= 32; ++i) sessions_.add(numbered(i, end + 9, "192.0.2.1"));
  EXPECT_TRUE(is_known(2));
  sessions_.add(numbered(33, end + 9, "192.0.2.1"));
  EXPECT_FALSE(is_known(2));
  EXPECT_TRUE(is_known(1));
  EXPECT_EQ(sessions_.live(), 32U);
  for (std::uint64_t i = 34; sessions_.live() < 256; ++i) {
    sessions_.add(numbered(i, end + 9, "10.0.0." + std::to_string(i % 200)));
  }
  EXPECT_TRUE(is_known(1));
  sessions_.add(numbered(1000, end + 9, "192.0.2.9"));
  EXPECT_FALSE(is_known(1));  // the first to end of all
  EXPECT_EQ(sessions_.live(), 256U);
}

TEST(SessionsSweep, EndsWhatIsOverAndWhatIsNotServedAnyMore) {
  SetClock clock;
  Sessions sessions(clock);
  const auto gone = identity::Address::parse("0x52908400098527886E0F7030069857D2E4169EE7").value();
  auto of_gone = numbered(1, clock.now() + 100, "192.0.2.1");
  of_gone.agent = gone;
  sessions.add(std::move(of_gone));
  sessions.add(numbered(2, clock.now() + 100, "192.0.2.1"));
  sessions.add(numbered(3, clock.now() + 10, "192.0.2.1"));
  clock.step(10);
  sessions.sweep([&](const identity::Address& address) { return address != gone; });
  EXPECT_EQ(sessions.live(), 1U);
  const auto code = [&](const char* sid) {
    return code_of(sessions.open({.v = 1, .sid = sid, .seq = 1, .ct = ""}));
  };
  EXPECT_EQ(code("1"), "secure_session_unknown");
  EXPECT_EQ(code("2"), "secure_decrypt_failed");
  EXPECT_EQ(code("3"), "secure_session_unknown");
}

RC_GTEST_PROP(SessionsProperty, BoundsHoldWhateverComes, ()) {
  SetClock clock;
  Sessions sessions(clock);
  std::uint64_t number = 0;
  for (const auto& [source, life] :
       *rc::gen::resize(600, rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(
                                 rc::gen::inRange(0, 12), rc::gen::inRange(1, 60))))) {
    sessions.add(numbered(++number, clock.now() + life, "192.0.2." + std::to_string(source)));
    RC_ASSERT(sessions.live() <= Sessions::most);
    RC_ASSERT(sessions.live() <= 12 * Sessions::most_of_source);
    // The newest is always there.
    RC_ASSERT(code_of(sessions.open({.v = 1, .sid = std::to_string(number), .seq = 1, .ct = ""})) ==
              "secure_decrypt_failed");
    if (number % 7 == 0) clock.step(1);
  }
}

}  // namespace
}  // namespace kronborg::channel

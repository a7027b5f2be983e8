#include "channel/session.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <thread>

#include "channel/fixture_test.h"

namespace kronborg::channel {
namespace {

std::uint64_t seq_of(const object& row) { return std::stoull(text_of(row, "seq")); }

TEST(ReplayWindow, EveryWindowOfTheVectors) {
  const object file = support::known_answers("secure_channel.json");
  const auto& windows = file.at("windows").as_array();
  ASSERT_GE(windows.size(), 6U);
  for (const auto& steps : windows) {
    ReplayWindow window;
    for (const auto& step : steps.as_array()) {
      const object& row = step.as_object();
      EXPECT_EQ(window.accept(seq_of(row)) ? "accepted" : "secure_replay", text_of(row, "outcome"))
          << base::to_text(steps) << " " << seq_of(row);
    }
  }
}

// The rule as it stands in the contract, with a set of all that was accepted.
RC_GTEST_PROP(ReplayWindowProperty, IsTheRuleOfTheContract, ()) {
  ReplayWindow window;
  std::set<std::uint64_t> accepted;
  std::uint64_t highest = 0;
  const auto start =
      *rc::gen::element<std::uint64_t>(0, 1, 63, 64, 1'000'000, ~std::uint64_t{0} - 200);
  const auto offsets =
      *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 200));
  for (const std::uint64_t offset : offsets) {
    const std::uint64_t seq = start + offset;
    const bool too_old = highest >= 64 && seq <= highest - 64;
    const bool expected = seq != 0 && !too_old && !accepted.contains(seq);
    RC_ASSERT(window.accept(seq) == expected);
    if (!expected) continue;
    accepted.insert(seq);
    highest = std::max(highest, seq);
  }
}

TEST(ClientSession, SealsAsInTheVectors) {
  const object file = support::known_answers("secure_channel.json");
  support::for_each_row(file, "sessions", [](const object& row) {
    const object& hello = row.at("server_hello").as_object();
    ClientSession session({.sid = text_of(hello, "sid"),
                           .keys = keys_of(row),
                           .expires_at = hello.at("expiresAt").as_int64()});
    support::for_each_row(row, "calls", [&](const object& call) {
      const SealedRequest sealed = session.seal(text_of(call, "plaintext"));
      EXPECT_EQ(sealed.seq, seq_of(call));
      EXPECT_EQ(
          sealed.body,
          base::sorted_json(base::parse_json(on_the_wire(call.at("request").as_object())).value()));
      EXPECT_EQ(base::hex(nonce_of(sealed.seq)), text_of(call, "nonce_hex"));
      EXPECT_EQ(call_data(session.sid(), sealed.seq), text_of(call, "aad"));
      EXPECT_EQ(base::hex(session.key_of_answer(sealed.seq).reveal()),
                text_of(call, "response_key_hex"));
    });
  });
}

TEST(ClientSession, NoNumberIsUsedTwice) {
  const object file = support::known_answers("secure_channel.json");
  ClientSession session(
      {.sid = "sid", .keys = keys_of(file.at("sessions").at(0).as_object()), .expires_at = 0});
  std::mutex mutex;
  std::set<std::uint64_t> used;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          const auto seq = session.seal("{}").seq;
          const std::lock_guard lock(mutex);
          used.insert(seq);
        }
      });
    }
  }
  EXPECT_EQ(used.size(), 400U);
  EXPECT_EQ(*used.begin(), 1U);
  EXPECT_EQ(*used.rbegin(), 400U);
}

}  // namespace
}  // namespace kronborg::channel

#include "channel/frames.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "channel/fixture_test.h"
#include "channel/session.h"

namespace kronborg::channel {
namespace {

std::string sid_of(const object& session) {
  return text_of(session.at("server_hello").as_object(), "sid");
}
std::uint64_t seq_of(const object& call) { return std::stoull(text_of(call, "seq")); }

AnswerSealer sealer_of(const object& session, const object& call) {
  return {support::secret_of(text_of(call, "response_key_hex")), sid_of(session), seq_of(call)};
}
AnswerOpener opener_of(const object& session, const object& call) {
  return {support::secret_of(text_of(call, "response_key_hex")), sid_of(session), seq_of(call)};
}

/// A frame of the vectors as it travels.
std::string wire(const object& frame) {
  object out{{"seq", frame.at("seq")}, {"ct", frame.at("ct")}};
  const auto* fin = frame.if_contains("fin");
  if (fin != nullptr && fin->as_bool()) out["fin"] = true;
  return base::sorted_json(out);
}

void for_each_call(const object& file,
                   const std::function<void(const object&, const object&)>& check) {
  support::for_each_row(file, "sessions", [&](const object& session) {
    support::for_each_row(session, "calls", [&](const object& call) { check(session, call); });
  });
}

TEST(Frames, TheHostSealsAsInTheVectors) {
  const object file = support::known_answers("secure_channel.json");
  for_each_call(file, [](const object& session, const object& call) {
    AnswerSealer sealer = sealer_of(session, call);
    const auto& frames = call.at("frames").as_array();
    if (text_of(call, "response_kind") == "buffered") {
      ASSERT_EQ(frames.size(), 1U);
      const auto inner = base::parse_json(text_of(frames[0].as_object(), "plaintext")).value();
      WholeAnswer answer{.status = static_cast<int>(inner.at("status").as_int64()),
                         .content_type = text_of(inner.as_object(), "contentType"),
                         .body = {}};
      const auto body = base::base64url_strict(text_of(inner.as_object(), "body")).value();
      answer.body.emplace(base::text_of(body));
      EXPECT_EQ(sealer.whole(answer), wire(frames[0].as_object()));
      return;
    }
    for (const auto& frame : frames) {
      const std::string expected = "data: " + wire(frame.as_object()) + "\n\n";
      EXPECT_EQ(frame.at("fin").as_bool() ? sealer.last_event()
                                          : sealer.event(text_of(frame.as_object(), "plaintext")),
                expected);
    }
  });
}

TEST(Frames, TheClientOpensWhatTheVectorsHold) {
  const object file = support::known_answers("secure_channel.json");
  for_each_call(file, [](const object& session, const object& call) {
    AnswerOpener opener = opener_of(session, call);
    for (const auto& frame : call.at("frames").as_array()) {
      EXPECT_FALSE(opener.complete());
      EXPECT_FALSE(opener.finish());
      const auto plain = opener.frame(wire(frame.as_object()));
      ASSERT_EQ(code_of(plain), "ok");
      EXPECT_EQ(plain->reveal(), text_of(frame.as_object(), "plaintext"));
    }
    EXPECT_TRUE(opener.complete());
    EXPECT_EQ(code_of(opener.finish()), "ok");
    EXPECT_EQ(code_of(opener.frame(wire(call.at("frames").at(0).as_object()))),
              "channel_truncated");
    EXPECT_FALSE(opener.complete());
  });
}

TEST(Frames, WhatMustFailGivesItsReadablePrefixAndIsReportedAsCut) {
  const object file = support::known_answers("secure_channel.json");
  support::for_each_of_kind(file, "must_fail", "response", [&](const object& row) {
    const object& session =
        file.at("sessions").as_array().at(row.at("session").to_number<std::size_t>()).as_object();
    const object& call =
        session.at("calls").as_array().at(row.at("call").to_number<std::size_t>()).as_object();
    AnswerOpener opener = opener_of(session, call);
    std::string stream;
    for (const auto& frame : row.at("frames").as_array()) {
      stream += "data: " + wire(frame.as_object()) + "\n\n";
    }
    std::string readable;
    const auto parts = opener.read(stream);
    if (parts) {
      for (const auto& part : *parts) readable += part.reveal();
    }
    EXPECT_EQ(readable, text_of(row, "readable_prefix"));
    EXPECT_EQ(opener.complete(), row.at("complete").as_bool());
    EXPECT_EQ(code_of(opener.finish()), "channel_truncated");
  });
}

struct Pair {
  AnswerSealer sealer{base::Secret<32>(), "sid", 7};
  AnswerOpener opener{base::Secret<32>(), "sid", 7};
};

TEST(Frames, WholeAnswersGoThere) {
  Pair pair;
  WholeAnswer answer{.status = 403, .content_type = "a/b", .body = base::SecretText("hi")};
  const auto opened = pair.opener.whole(pair.sealer.whole(answer));
  ASSERT_EQ(code_of(opened), "ok");
  EXPECT_EQ(opened->status, 403);
  EXPECT_EQ(opened->content_type, "a/b");
  EXPECT_EQ(opened->body->reveal(), "hi");
  Pair bare;
  const auto empty = bare.opener.whole(bare.sealer.whole({.status = 204}));
  ASSERT_EQ(code_of(empty), "ok");
  EXPECT_FALSE(empty->content_type || empty->body);
}

TEST(Frames, AStreamIsNoWholeAnswer) {
  Pair pair;
  const std::string event = pair.sealer.event(R"({"status":200})");
  const std::string frame = event.substr(6, event.size() - 8);
  EXPECT_EQ(code_of(pair.opener.whole(frame)), "channel_truncated");
}

TEST(Frames, FinIsNeverFalse) {
  Pair pair;
  const std::string event = pair.sealer.event("x");
  object frame = base::parse_json(event.substr(6, event.size() - 8)).value().as_object();
  frame["fin"] = false;
  EXPECT_EQ(code_of(pair.opener.frame(base::to_text(frame))), "channel_truncated");
}

TEST(Frames, WhatIsNoEventEndsTheStream) {
  Pair pair;
  const auto comment = pair.opener.read(":\n\n: heartbeat\n\n");
  ASSERT_EQ(code_of(comment), "ok");
  EXPECT_TRUE(comment->empty());
  EXPECT_EQ(code_of(pair.opener.read("event: error\ndata: {}\n\n")), "channel_truncated");
  EXPECT_EQ(code_of(pair.opener.read(pair.sealer.event("x"))), "channel_truncated");
}

TEST(FramesDeathTest, NothingIsSealedBehindTheLastFrame) {
  Pair pair;
  static_cast<void>(pair.sealer.last_event());
  EXPECT_DEATH(static_cast<void>(pair.sealer.event("x")), "");
}

// However the bytes of a stream are cut on their way, and wherever comments stand.
RC_GTEST_PROP(FramesProperty, StreamsGoThereByteForByte, ()) {
  Pair pair;
  const auto chunks = *rc::gen::arbitrary<std::vector<std::string>>();
  std::string sent;
  std::string stream;
  for (const std::string& chunk : chunks) {
    sent += chunk;
    stream += pair.sealer.event(chunk) + ": heartbeat\n\n";
  }
  stream += pair.sealer.last_event();
  std::string received;
  while (!stream.empty()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 400);
    const auto parts = pair.opener.read(std::string_view(stream).substr(0, size));
    RC_ASSERT(parts.has_value());
    for (const auto& part : *parts) received += part.reveal();
    stream.erase(0, size);
  }
  RC_ASSERT(received == sent);
  RC_ASSERT(pair.opener.complete());
}

RC_GTEST_PROP(FramesProperty, ACutStreamIsNoticed, ()) {
  Pair pair;
  std::string stream = pair.sealer.event("a") + pair.sealer.event("b") + pair.sealer.last_event();
  const auto cut = *rc::gen::inRange<std::size_t>(0, stream.size() - 2);
  static_cast<void>(pair.opener.read(std::string_view(stream).substr(0, cut)));
  RC_ASSERT(code_of(pair.opener.finish()) == "channel_truncated");
}

}  // namespace
}  // namespace kronborg::channel

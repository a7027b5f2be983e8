#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "channel/frames.h"
#include "channel/handshake.h"
#include "channel/inner.h"
#include "channel/session.h"
#include "channel/sessions.h"
#include "cross/peer.h"
#include "identity/derivation.h"
#include "identity/signed_message.h"

namespace kronborg::cross {
namespace {

using identity::Prefix;

constexpr std::int64_t now = 1'790'000'000;
constexpr int calls_of_session = 4;

int sessions() { return std::max(1, rounds / calls_of_session); }

class StillClock final : public base::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return cross::now * 1000; }
};

std::string text_of_bytes(const base::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ChannelTest : public CrossTest {
 protected:
  /// Answers of their host, opened by our client.
  void take_whole(channel::AnswerOpener& opener, const json::value& call) {
    const auto answer = bytes(below(2000));
    const auto whole =
        opener.whole(text_in(peer().ask("server_whole", {{"call", call},
                                                         {"status", 403},
                                                         {"content_type", "text/plain"},
                                                         {"body", base::hex(answer)}}),
                             "body"));
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->status, 403);
    EXPECT_EQ(whole->body ? whole->body->reveal() : "", text_of_bytes(answer));
  }

  void take_stream(channel::AnswerOpener& opener, const json::value& call) {
    std::string sent, stream;
    for (std::uint64_t chunk = below(4); chunk > 0; --chunk) {
      const auto part = bytes(1 + below(500));
      sent += text_of_bytes(part);
      stream += text_in(
          peer().ask("server_chunk", {{"call", call}, {"plaintext", base::hex(part)}}), "event");
    }
    const bool cut = below(4) == 0;
    if (!cut) stream += text_in(peer().ask("server_end", {{"call", call}}), "event");
    std::string got;
    // In pieces of any size, as a network gives them.
    for (std::string_view left = stream; !left.empty();) {
      const std::size_t size = std::min<std::size_t>(left.size(), 1 + below(200));
      const auto parts = opener.read(left.substr(0, size));
      ASSERT_TRUE(parts);
      for (const auto& part : *parts) got += part.reveal();
      left.remove_prefix(size);
    }
    EXPECT_EQ(got, sent);
    EXPECT_EQ(opener.finish().has_value(), !cut);
  }
};

/// The host in C++, the client in TypeScript.
TEST_F(ChannelTest, TheirClientTalksToOurHost) {
  for (int round = 0; round < sessions(); ++round) {
    const auto key = identity::new_master_key(random_);
    const auto agent = identity::address_of(key);
    const auto begun = peer().ask("channel_hello", {{"agent_address", agent.text()}});
    const auto hello = channel::read_client_hello(base::to_text(begun.at("hello")));
    ASSERT_TRUE(hello);
    auto accepted = channel::accept_client(
        *hello, agent, now, random_,
        [&](std::string_view transcript) -> base::Result<crypto::Signature> {
          return identity::sign(key, Prefix::secure_channel, base::bytes_of(transcript));
        });
    ASSERT_TRUE(accepted);
    const auto established =
        peer().ask("channel_accept",
                   {{"handle", begun.at("handle")}, {"hello", channel::render(accepted->hello)}});
    const StillClock clock;
    channel::Sessions host(clock);
    host.add({.sid = accepted->hello.sid,
              .keys = std::move(accepted->keys),
              .expires_at = accepted->hello.expires_at,
              .agent = agent,
              .source = {}});
    for (int call = 0; call < calls_of_session; ++call) {
      const auto body = bytes(below(2000));
      const json::object inner{{"method", "POST"},
                               {"path", "/v1/x?y=" + hex_digits(3)},
                               {"authorization", "Bearer " + hex_digits(8)},
                               {"body", base::base64url(body)}};
      const auto sealed = peer().ask("channel_call", {{"session", established.at("session")},
                                                      {"request", base::to_text(inner)}});
      const auto read = channel::read_sealed_call(text_in(sealed, "body"));
      ASSERT_TRUE(read);
      auto opened = host.open(*read);
      ASSERT_TRUE(opened) << opened.error().text();
      const auto request = channel::read_inner_request(opened->inner.reveal());
      ASSERT_TRUE(request);
      EXPECT_EQ(request->target, inner.at("path").as_string());
      EXPECT_EQ(request->body ? request->body->reveal() : "", text_of_bytes(body));
      EXPECT_EQ(base::facts(host.open(*read).error().code).name, "secure_replay");
      channel::AnswerSealer sealer(std::move(opened->response_key), opened->sid, opened->seq);
      if (coin()) {
        const auto answer = bytes(below(2000));
        const auto whole =
            peer().ask("channel_whole",
                       {{"call", sealed.at("call")},
                        {"body", sealer.whole({.status = 201,
                                               .content_type = "text/plain",
                                               .body = base::SecretText(text_of_bytes(answer))})}});
        EXPECT_EQ(whole.at("status").as_int64(), 201);
        EXPECT_EQ(text_in(whole, "body"), base::hex(answer));
        continue;
      }
      const auto frame_of = [](const std::string& event) {
        return event.substr(6, event.size() - 8);  // without "data: " and two LF
      };
      for (std::uint64_t chunk = below(4); chunk > 0; --chunk) {
        const auto part = bytes(1 + below(500));
        const auto given = peer().ask(
            "channel_frame",
            {{"call", sealed.at("call")}, {"frame", frame_of(sealer.event(text_of_bytes(part)))}});
        EXPECT_EQ(text_in(given, "plaintext"), base::hex(part));
      }
      EXPECT_EQ(peer().refusal("channel_end", {{"call", sealed.at("call")}}), "channel_truncated");
    }
  }
}

/// The client in C++, the host in TypeScript.
TEST_F(ChannelTest, OurClientTalksToTheirHost) {
  for (int round = 0; round < sessions(); ++round) {
    const auto key = identity::new_master_key(random_);
    const auto agent = identity::address_of(key);
    const channel::ClientHandshake handshake(agent, random_);
    const auto answered = peer().ask(
        "server_hello", {{"private_key", base::hex(key.reveal())},
                         {"kind", "agent"},
                         {"hello", base::parse_json(channel::render(handshake.hello())).value()},
                         {"expires_at", now + 3600}});
    auto established = handshake.finish(base::to_text(answered.at("hello")));
    ASSERT_TRUE(established) << established.error().text();
    channel::ClientSession session(std::move(*established));
    for (int call = 0; call < calls_of_session; ++call) {
      const auto body = bytes(below(2000));
      channel::InnerRequest inner{.method = "POST",
                                  .target = "/v1/" + hex_digits(5),
                                  .authorization = base::SecretText("Bearer x"),
                                  .accept = {},
                                  .content_type = {},
                                  .fields = {},
                                  .body = {}};
      if (!body.empty()) inner.body = base::SecretText(text_of_bytes(body));
      const auto sealed = session.seal(channel::write_inner_request(inner).reveal());
      const auto wire = base::parse_json(sealed.body);
      ASSERT_TRUE(wire);
      const json::object offered{{"session", answered.at("session")},
                                 {"seq", std::to_string(sealed.seq)},
                                 {"ct", wire->at("ct")}};
      const auto opened = peer().ask("server_open", offered);
      ASSERT_FALSE(opened.contains("refused")) << base::to_text(opened);
      const auto& request = opened.at("request").as_object();
      EXPECT_EQ(text_in(request, "path"), inner.target);
      EXPECT_EQ(text_in(request, "body"), base::hex(body));
      EXPECT_EQ(text_in(peer().ask("server_open", offered), "refused"), "secure_replay");
      channel::AnswerOpener opener(session.key_of_answer(sealed.seq), session.sid(), sealed.seq);
      if (coin()) {
        take_whole(opener, opened.at("call"));
      } else {
        take_stream(opener, opened.at("call"));
      }
    }
  }
}

TEST_F(ChannelTest, WindowsAreTheSame) {
  for (int round = 0; round < 100; ++round) {
    channel::ReplayWindow ours;
    json::array numbers;
    std::vector<bool> accepted;
    std::uint64_t around = below(1000);
    for (int i = 0; i < 300; ++i) {
      around += below(3);
      const std::uint64_t back = below(80);
      const std::uint64_t number =
          below(50) == 0 ? (around += below(200)) : around - std::min(around, back);
      numbers.emplace_back(std::to_string(number));
      accepted.push_back(ours.accept(number));
    }
    const auto theirs = peer().ask("window", {{"numbers", numbers}});
    const auto& list = theirs.at("accepted").as_array();
    ASSERT_EQ(list.size(), accepted.size());
    for (std::size_t i = 0; i < accepted.size(); ++i) {
      ASSERT_EQ(list[i].as_bool(), accepted[i]) << base::to_text(numbers) << " at " << i;
    }
  }
}

}  // namespace
}  // namespace kronborg::cross

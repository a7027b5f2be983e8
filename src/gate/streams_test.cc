#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "gate/house_test.h"

// What runs long: streams that are cut, tunnels, the end of the server.
namespace kronborg::gate::test {
namespace {

std::string code_in(const std::string& answer) {
  const std::string body = body_of(answer);
  const std::size_t at = body.find(R"("code":")");
  if (at == std::string::npos) return "no code";
  return body.substr(at + 8, body.find('"', at + 8) - at - 8);
}

std::string get(const House& house, const std::string& path = "/v1/x") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + "\r\n";
}

TEST(Revocation, CutsAnEventStreamWithTheReason) {
  std::promise<bool> closed;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: "
        "chunked\r\n\r\n"
        "b\r\ndata: one\n\n\r\n");
    closed.set_value(wire.at_end());
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("GET /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
            house.writer.access_key() + "\r\n\r\n");
  wire.read_head();
  EXPECT_EQ(wire.read_chunk(), "data: one\n\n");
  house.revoke(house.painter);
  house.tick();
  house.revoke(house.writer);
  house.tick();
  EXPECT_TRUE(closed.get_future().get());
  EXPECT_EQ(wire.read_chunk(),
            "event: error\ndata: {\"error\":{\"message\":\"Access key has been "
            "revoked\",\"type\":\"authentication_error\","
            "\"code\":\"key_revoked\",\"hint\":\"Ask the owner for a new key.\"}}\n\n");
  // Without the last chunk.
  EXPECT_EQ(wire.read_chunk(), "cut");
}

TEST(Revocation, EndsAnEventThatIsHalfSent) {
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5\r\ndata:\r\n");
    wire.read_head();
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(get(house));
  wire.read_head();
  EXPECT_EQ(wire.read_chunk(), "data:");
  house.revoke(house.master);
  house.tick();
  EXPECT_EQ(wire.read_chunk(), "\n\n");
  EXPECT_TRUE(wire.read_chunk().starts_with("event: error\n"));
}

TEST(Revocation, CutsOtherAnswersWithoutTheirEnd) {
  for (const char* framing :
       {"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "Content-Length: 10\r\n\r\nhalf"}) {
    ScriptedUpstream upstream([&](Wire& wire, int) {
      wire.read_head();
      wire.send(std::string("HTTP/1.1 200 OK\r\n") + framing);
      wire.read_head();
    });
    House house(upstream);
    Wire wire = house.client();
    wire.send(get(house));
    const bool chunked = field_of(wire.read_head(), "Content-Length").empty();
    EXPECT_EQ(chunked ? wire.read_chunk() : wire.read(4), "half");
    house.revoke(house.master);
    house.tick();
    EXPECT_TRUE(wire.at_end());
  }
}

TEST(Revocation, ReachesAClientThatDoesNotRead) {
  std::promise<void> blocked;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
    const timeval soon{0, 300'000};
    ::setsockopt(wire.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    const std::string piece(65536, 'x');
    while (wire.send(piece)) {
    }
    blocked.set_value();
    wire.read_head();
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(get(house));
  blocked.get_future().wait();
  EXPECT_EQ(house.connections(), 1U);
  house.revoke(house.master);
  // One tick sees it, the next one does not wait for the client any longer.
  for (int i = 0; i < 1000 && house.connections() > 0; ++i) house.tick();
  EXPECT_EQ(house.connections(), 0U);
}

TEST(Revocation, OfARequestWithoutAnAnswerIs401) {
  std::promise<void> asked;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.read(4);
    asked.set_value();
    wire.read_head();
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("POST /x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() +
            "Content-Length: 10\r\n\r\nhalf");
  asked.get_future().wait();
  house.revoke(house.master);
  house.tick();
  const std::string answer = wire.read_to_end();
  EXPECT_EQ(status_of(answer), "HTTP/1.1 401 Unauthorized");
  EXPECT_EQ(code_in(answer), "key_revoked");
}

TEST(Revocation, OfAnAgentsRemovalCutsItsStreams) {
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2\r\n:\n\r\n");
    wire.read_head();
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("GET /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
            house.writer.access_key() + "\r\n\r\n");
  wire.read_head();
  EXPECT_EQ(wire.read_chunk(), ":\n");
  house.board.publish(
      [&](authority::Policy& policy) { policy.agents.erase(house.writer.address); });
  house.tick();
  EXPECT_NE(wire.read_to_end().find("audience_mismatch"), std::string::npos);
}

std::string upgrade(const House& house, const std::string& fields = "") {
  return "GET /ws HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + fields +
         "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: x\r\n\r\n";
}

constexpr const char* switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
    "Upgrade\r\nSec-WebSocket-Accept: y\r\n\r\n";

TEST(Tunnel, PassesBothWaysUntilTheUpstreamCloses) {
  std::promise<std::string> seen;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    seen.set_value(wire.read_head());
    wire.send(std::string(switching) + "first");
    for (int i = 0; i < 100; ++i) wire.send("<" + wire.read(1000) + ">");
    wire.send("bye");
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(upgrade(house));
  const std::string head = wire.read_head();
  EXPECT_EQ(status_of(head), "HTTP/1.1 101 Switching Protocols");
  EXPECT_EQ(field_of(head, "Upgrade"), "websocket|");
  EXPECT_EQ(field_of(head, "Connection"), "Upgrade|");
  EXPECT_EQ(field_of(head, "Sec-WebSocket-Accept"), "y|");
  const std::string asked = seen.get_future().get();
  EXPECT_EQ(field_of(asked, "Upgrade"), "websocket|");
  EXPECT_EQ(field_of(asked, "Connection"), "Upgrade|");
  EXPECT_EQ(field_of(asked, "Sec-WebSocket-Key"), "x|");
  EXPECT_EQ(wire.read(5), "first");
  for (int i = 0; i < 100; ++i) {
    const std::string frame(1000, static_cast<char>('a' + i % 26));
    wire.send(frame);
    EXPECT_EQ(wire.read(1002), "<" + frame + ">");
  }
  EXPECT_EQ(wire.read_to_end(), "bye");
}

TEST(Tunnel, EndsWithTheClientAndWithTheKey) {
  for (const bool revoked : {false, true}) {
    std::promise<std::string> rest;
    ScriptedUpstream upstream([&](Wire& wire, int) {
      wire.read_head();
      wire.send(switching);
      rest.set_value(wire.read_to_end());
    });
    House house(upstream);
    Wire wire = house.client();
    wire.send(upgrade(house));
    wire.read_head();
    wire.send("hello");
    if (revoked) {
      house.revoke(house.master);
      house.tick();
      EXPECT_TRUE(wire.at_end());
      (void)rest.get_future().get();
    } else {
      wire.finish_sending();
      EXPECT_EQ(rest.get_future().get(), "hello");
      EXPECT_TRUE(wire.at_end());
    }
  }
}

TEST(Draining, EndsWhatHasNoEndOfItsOwnAndLetsWorkFinish) {
  std::promise<void> asked[3], stopping;
  auto stopped = stopping.get_future().share();
  ScriptedUpstream upstream([&](Wire& wire, int) {
    const std::string head = wire.read_head();
    if (head.starts_with("GET /ws")) {
      wire.send(switching);
      asked[2].set_value();
      wire.read_to_end();
      return;
    }
    wire.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2\r\n:\n\r\n");
    asked[head.starts_with("GET") ? 0 : 1].set_value();
    stopped.wait();
    wire.send("4\r\nlast\r\n0\r\n\r\n");
  });
  House house(upstream);
  Wire waiting = house.client(), working = house.client(), tunnel = house.client();
  waiting.send(get(house));
  working.send("POST /x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + "\r\n");
  tunnel.send(upgrade(house));
  for (auto& one : asked) one.get_future().wait();
  for (Wire* wire : {&waiting, &working}) {
    wire->read_head();
    EXPECT_EQ(wire->read_chunk(), ":\n");
  }
  tunnel.read_head();
  std::thread stop([&] { house.stop(); });
  EXPECT_EQ(waiting.read_chunk(), "");
  EXPECT_TRUE(tunnel.at_end());
  stopping.set_value();
  EXPECT_EQ(working.read_chunk(), "last");
  EXPECT_EQ(working.read_chunk(), "");
  stop.join();
}

TEST(Tunnel, IsForPagesOfAllowedOriginsOnly) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  Wire wire = house.client();
  wire.send(upgrade(house, "Origin: http://evil.example\r\n"));
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 403 Forbidden");
  EXPECT_TRUE(upstream.heads().empty());
}

TEST(Tunnel, ThatTheUpstreamRefusesIsAnOrdinaryAnswer) {
  ScriptedUpstream upstream([](Wire& wire, int) {
    while (!wire.read_head().empty())
      wire.send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(upgrade(house) + get(house));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(wire.read_head().starts_with("HTTP/1.1 426 "));
    EXPECT_EQ(wire.read(2), "no");
  }
}

}  // namespace
}  // namespace kronborg::gate::test

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>

#include "gate/house_test.h"

namespace kronborg::gate::test {
namespace {

std::string get(const House& house, const std::string& path = "/v1/x") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + "\r\n";
}

std::string post(const House& house, const std::string& fields, const std::string& body = "") {
  return "POST /v1/x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + fields + "\r\n" + body;
}

constexpr const char* event_stream =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& data) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

TEST(Relay, EventsComeAsTheyAreSent) {
  // The upstream sends each event only after the client has got the one before.
  std::promise<void> got[3];
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send(event_stream);
    for (int i = 0; i < 3; ++i) {
      wire.send(chunk("data: " + std::to_string(i) + "\n\n"));
      got[i].get_future().wait();
    }
    wire.send("0\r\n\r\n");
    wire.read_head();
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(get(house));
  EXPECT_EQ(field_of(wire.read_head(), "Content-Type"), "text/event-stream|");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(wire.read_chunk(), "data: " + std::to_string(i) + "\n\n");
    got[i].set_value();
  }
  EXPECT_EQ(wire.read_chunk(), "");
}

TEST(Relay, TheRequestsBodyGoesOnAsItComes) {
  for (const bool chunked : {false, true}) {
    std::promise<std::string> seen[4];
    ScriptedUpstream upstream([&](Wire& wire, int) {
      seen[0].set_value(wire.read_head());
      for (int i = 1; i <= 3; ++i) seen[i].set_value(chunked ? wire.read_chunk() : wire.read(4));
      if (chunked && !wire.read_chunk().empty()) return;
      wire.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    });
    House house(upstream);
    Wire wire = house.client();
    wire.send(post(house, chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 12\r\n"));
    // The head goes on before there is a body.
    const std::string head = seen[0].get_future().get();
    EXPECT_EQ(field_of(head, chunked ? "Transfer-Encoding" : "Content-Length"),
              chunked ? "chunked|" : "12|");
    for (int i = 1; i <= 3; ++i) {
      const std::string piece = "no." + std::to_string(i);
      wire.send(chunked ? "4;x=y\r\n" + piece + "\r\n" : piece);
      EXPECT_EQ(seen[i].get_future().get(), piece);
    }
    if (chunked) wire.send("0\r\nX-Trailer: dropped\r\n\r\n");
    EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 201 Created");
  }
}

TEST(Relay, ASmallRequestArrivesWhole) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  Wire wire = house.client();
  for (const std::string& request :
       {post(house, "Content-Length: 5\r\n", "hello"),
        post(house, "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        post(house, "Content-Length: 0\r\n"),
        post(house, "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        post(house, "Expect: 100-continue\r\nContent-Length: 5\r\n", "hello")}) {
    wire.send(request);
    std::string head = wire.read_head();
    if (status_of(head) == "HTTP/1.1 100 Continue") head = wire.read_head();
    EXPECT_EQ(status_of(head), "HTTP/1.1 200 OK");
    EXPECT_EQ(wire.read(2), "ok");
  }
  EXPECT_EQ(upstream.bodies(), (std::vector<std::string>{"hello", "hello", "", "", "hello"}));
  EXPECT_EQ(field_of(upstream.heads()[2], "Content-Length"), "0|");
  EXPECT_EQ(field_of(upstream.heads()[4], "Expect"), "");
  EXPECT_EQ(upstream.upstream().connections(), 1);
}

TEST(Relay, ContinueIsSaidBeforeTheBodyIsSent) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  Wire wire = house.client();
  wire.send(post(house, "Expect: 100-continue\r\nContent-Length: 5\r\n"));
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 100 Continue");
  wire.send("hello");
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 200 OK");
  EXPECT_EQ(upstream.bodies().at(0), "hello");
}

std::size_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  std::size_t pages = 0, resident = 0;
  status >> pages >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string block_of(std::size_t size, int number) {
  std::string block(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    block[i] = static_cast<char>((i * 31 + static_cast<std::size_t>(number)) >> 3);
  return block;
}

// 64 MiB each way, echoed: the answer begins before the request has ended.
TEST(Relay, LargeBodiesPassBothWaysAtOnceInBoundedMemory) {
  constexpr std::size_t block = 1U << 20U;
  constexpr int blocks = 64;
  ScriptedUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < blocks; ++i) {
      const std::string piece = wire.read(block);
      if (!wire.send(chunk(piece))) return;
    }
    wire.send("0\r\n\r\n");
  });
  Settings settings = House::settings_for(upstream.url());
  settings.body_limit_bytes = 1U << 30U;
  House house(std::move(settings));
  Wire wire = house.client();
  const std::size_t before = resident_bytes();
  wire.send(post(house, "Content-Length: " + std::to_string(block * blocks) + "\r\n"));
  std::thread sender([&] {
    for (int i = 0; i < blocks; ++i) wire.send(block_of(block, i));
  });
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 200 OK");
  std::string pending;
  int equal = 0;
  for (std::string data = wire.read_chunk(); !data.empty() && data != "cut";
       data = wire.read_chunk()) {
    pending += data;
    while (pending.size() >= block) {
      equal += pending.compare(0, block, block_of(block, equal)) == 0 ? 1 : -1000;
      pending.erase(0, block);
    }
  }
  sender.join();
  EXPECT_EQ(equal, blocks);
  // The sanitizers' allocators keep what is freed, so that resident memory says nothing there.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  EXPECT_LT(resident_bytes(), before + (24U << 20U));
#else
  (void)before;
#endif
}

TEST(Relay, ASlowReaderHoldsTheUpstreamBack) {
  std::atomic<std::size_t> sent = 0;
  std::promise<void> blocked;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n");
    // What the kernel takes for good: the next send would wait for the client.
    const timeval soon{0, 300'000};
    ::setsockopt(wire.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    const std::string piece = block_of(65536, 1);
    for (int i = 0; i < 1024 && wire.send(piece); ++i) sent += piece.size();
    blocked.set_value();
    wire.read_head();
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(get(house));
  blocked.get_future().wait();
  // Send and receive buffers of two connections, far from the whole.
  EXPECT_LT(sent, 48U << 20U);
}

TEST(Relay, ConnectionsToTheUpstreamAreKept) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  Wire one = house.client();
  for (int i = 0; i < 5; ++i) {
    one.send(get(house));
    EXPECT_EQ(status_of(one.read_head()), "HTTP/1.1 200 OK");
    EXPECT_EQ(one.read(2), "ok");
  }
  EXPECT_EQ(body_of(house.ask("GET /other", house.bearer())), "ok");
  EXPECT_EQ(upstream.upstream().connections(), 1);
  // Idle for longer than it is kept.
  house.tick(std::chrono::seconds(61));
  EXPECT_EQ(body_of(house.ask("GET /other", house.bearer())), "ok");
  EXPECT_EQ(upstream.upstream().connections(), 2);
}

TEST(Relay, PipelinedRequestsAreAnsweredInOrder) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  Wire wire = house.client();
  wire.send(get(house, "/a") + get(house, "/b") + get(house, "/c"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 200 OK");
    EXPECT_EQ(wire.read(2), "ok");
  }
  EXPECT_EQ(upstream.last_start(), "GET /c HTTP/1.1");
}

TEST(Relay, AnIdleConnectionThatTheUpstreamClosedIsNotTheClientsConcern) {
  ScriptedUpstream upstream([](Wire& wire, int connection) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    // The first connection takes one more request and closes instead of answering.
    if (connection == 0) wire.read_head();
  });
  House house(upstream);
  EXPECT_EQ(body_of(house.ask("GET /a", house.bearer())), "ok");
  EXPECT_EQ(body_of(house.ask("GET /b", house.bearer())), "ok");
  EXPECT_EQ(upstream.connections(), 2);
}

TEST(Relay, WhatMayHaveBeenDoneIsNotRepeated) {
  std::atomic<int> asked = 0;
  ScriptedUpstream upstream([&](Wire& wire, int connection) {
    for (;;) {
      if (wire.read_head().empty()) return;
      ++asked;
      if (connection == 0 && asked > 1) return;
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  House house(upstream);
  EXPECT_EQ(body_of(house.ask("GET /a", house.bearer())), "ok");
  const std::string answer = house.ask("POST /b", house.bearer() + "Content-Length: 0\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 502 Bad Gateway");
  EXPECT_EQ(asked, 2);
}

TEST(Relay, HeadAndBodilessStatusesKeepTheirMeaning) {
  ScriptedUpstream upstream([](Wire& wire, int) {
    for (;;) {
      const std::string head = wire.read_head();
      if (head.empty()) return;
      if (head.starts_with("HEAD")) {
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
      } else if (head.starts_with("GET /204")) {
        wire.send("HTTP/1.1 204 No Content\r\n\r\n");
      } else if (head.starts_with("GET /304")) {
        wire.send("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 99\r\n\r\n");
      } else if (head.starts_with("GET /early")) {
        wire.send(
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
            "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
      } else {
        wire.send(
            "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: "
            "0\r\n\r\n");
      }
    }
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("HEAD /v1/x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + "\r\n" +
            get(house, "/204") + get(house, "/304") + get(house, "/early") +
            get(house, "/redirect"));
  EXPECT_EQ(field_of(wire.read_head(), "Content-Length"), "1234|");
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 204 No Content");
  EXPECT_EQ(field_of(wire.read_head(), "ETag"), "\"x\"|");
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(wire.read(4), "gone");
  EXPECT_EQ(field_of(wire.read_head(), "Location"), "http://elsewhere.example/|");
  EXPECT_EQ(upstream.connections(), 1);
}

TEST(Relay, AnAnswerThatEndsWithItsConnectionIsFramedAnew) {
  ScriptedUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  });
  House house(upstream);
  Wire modern = house.client();
  modern.send(get(house));
  EXPECT_EQ(field_of(modern.read_head(), "Transfer-Encoding"), "chunked|");
  std::string body;
  for (std::string data = modern.read_chunk(); !data.empty(); data = modern.read_chunk())
    body += data;
  EXPECT_EQ(body, "until the end");
  Wire old = house.client();
  old.send("GET /x HTTP/1.0\r\nHost: localhost\r\n" + house.bearer() + "\r\n");
  const std::string answer = old.read_to_end();
  EXPECT_EQ(field_of(answer, "Transfer-Encoding"), "");
  EXPECT_EQ(body_of(answer), "until the end");
}

TEST(Relay, TrailersOfAnAnswerAreDropped) {
  ScriptedUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: "
        "X-Sum\r\n\r\n2;ext=1\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n");
    wire.read_head();
  });
  House house(upstream);
  EXPECT_EQ(body_of(house.ask("GET /x", house.bearer())), "2\r\nok\r\n0\r\n\r\n");
}

}  // namespace
}  // namespace kronborg::gate::test

#include <gtest/gtest.h>

#include "http/test_corpus.h"
#include "http/test_server.h"

namespace kronborg::http {
namespace {

using test::get;
using test::status_of;
using test::value_of;
using test::Wire;

class ServingBodies : public test::ServerTest {
 protected:
  /// Answers with the body, read whole under `limit`; an error answers with its code.
  void echo_body(std::size_t limit = 1U << 20U) {
    script_.later = [limit](Exchange& exchange) -> asio::awaitable<void> {
      auto body = co_await exchange.read_body(limit);
      Answer answer;
      if (body) {
        answer.body = *body;
      } else {
        answer.status = base::facts(body.error().code).http_status;
        answer.body = base::facts(body.error().code).name;
      }
      exchange.respond(answer);
    };
  }
  static std::string post(std::string_view fields, std::string_view body) {
    return "POST /p HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
  }
};

TEST_F(ServingBodies, ReadsBodiesOfBothKindsAndThePipelinedRequestBehind) {
  echo_body();
  start();
  Wire wire(port());
  wire.send(
      post("Content-Length: 5\r\n", "hello") +
      post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: r\r\n\r\n") +
      post("Content-Length: 0\r\n", "") + get("/"));
  for (const std::string expected : {"hello", "abcdefg", "", ""}) {
    const auto head = wire.head();
    EXPECT_EQ(status_of(head), "200");
    EXPECT_EQ(value_of(head, "Content-Length"), std::to_string(expected.size()));
    EXPECT_EQ(wire.exactly(expected.size()), expected);
  }
}

TEST_F(ServingBodies, ReadsLargeBodiesThatComeInPieces) {
  echo_body();
  start();
  Wire wire(port());
  std::string body;
  for (int i = 0; i < 60'000; ++i) body += std::to_string(i);
  for (int round = 0; round < 2; ++round) {
    wire.send(post("Content-Length: " + std::to_string(body.size()) + "\r\n", body));
    EXPECT_EQ(value_of(wire.head(), "Content-Length"), std::to_string(body.size()));
    EXPECT_EQ(wire.exactly(body.size()), body);
    std::string chunked;
    for (std::size_t at = 0; at < body.size(); at += 1000) {
      const auto part = body.substr(at, 1000);
      chunked += (part.size() == 1000 ? "3e8" : "") + std::string();
      if (part.size() != 1000) {
        char size[8];
        std::snprintf(size, sizeof size, "%zx", part.size());
        chunked += size;
      }
      chunked += "\r\n" + part + "\r\n";
    }
    wire.send(post("Transfer-Encoding: chunked\r\n", chunked + "0\r\n\r\n"));
    wire.head();
    EXPECT_EQ(wire.exactly(body.size()), body);
  }
}

TEST_F(ServingBodies, RefusesMalformedChunksAndCloses) {
  echo_body();
  start();
  for (const auto& line : test::corpus_lines("refused_chunked.txt")) {
    std::string_view escaped = line;
    Wire wire(port());
    wire.send(post("Transfer-Encoding: chunked\r\n", test::unescape(escaped)) + get("/smuggled"));
    const auto before = script_.requests.load();
    const auto answer = wire.rest();
    EXPECT_EQ(status_of(answer), "400") << line;
    EXPECT_TRUE(answer.ends_with("malformed_request")) << line << answer;
    EXPECT_EQ(value_of(answer, "Connection"), "close") << line;
    EXPECT_LE(script_.requests, before + 1) << line;
  }
}

TEST_F(ServingBodies, JudgesTheLengthBeforeReading) {
  echo_body(10);
  start();
  Wire wire(port());
  wire.send(post("Content-Length: 100000000\r\n", ""));
  EXPECT_EQ(status_of(wire.head()), "413");
  EXPECT_EQ(wire.rest(), "body_too_large");
  Wire chunked(port());
  chunked.send(post("Transfer-Encoding: chunked\r\n", "8\r\n12345678\r\n8\r\n12345678\r\n"));
  EXPECT_EQ(status_of(chunked.head()), "413");
  Wire exact(port());
  exact.send(post("Content-Length: 10\r\n", "1234567890"));
  EXPECT_EQ(status_of(exact.head()), "200");
}

TEST_F(ServingBodies, SaysContinueOnlyWhenTheBodyIsWanted) {
  echo_body();
  start();
  Wire wire(port());
  wire.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(wire.head(), "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("abc");
  EXPECT_EQ(status_of(wire.head()), "200");
  EXPECT_EQ(wire.exactly(3), "abc");
  // The body came along: nobody waits for the 100.
  wire.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n", "def"));
  EXPECT_EQ(status_of(wire.head()), "200");
  EXPECT_EQ(wire.exactly(3), "def");
}

TEST_F(ServingBodies, AnswersWithoutContinueAndCloses) {
  script_.now = [](Exchange& exchange) {
    Answer answer;
    answer.status = 401;
    exchange.respond(answer);
    return true;
  };
  start();
  Wire wire(port());
  wire.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n", ""));
  const auto answer = wire.rest();
  EXPECT_EQ(status_of(answer), "401");
  EXPECT_EQ(value_of(answer, "Connection"), "close");
}

TEST_F(ServingBodies, DropsASmallUnreadBodyAndKeepsTheConnection) {
  echo_path();
  start();
  Wire wire(port());
  wire.send(post("Content-Length: 5\r\n", "hello") +
            post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0\r\n\r\n") + get("/after"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(value_of(wire.head(), "Connection"), "");
    EXPECT_EQ(wire.exactly(2), "/p");
  }
  wire.head();
  EXPECT_EQ(wire.exactly(6), "/after");
}

TEST_F(ServingBodies, ClosesOverALargeUnreadBodyWithoutLosingTheAnswer) {
  echo_path();
  start();
  Wire wire(port());
  wire.send(post("Content-Length: 200000\r\n", std::string(20'000, 'x')));
  const auto head = wire.head();
  EXPECT_EQ(value_of(head, "Connection"), "close");
  EXPECT_EQ(wire.rest(), "/p");
  EXPECT_FALSE(wire.was_reset());
}

TEST_F(ServingBodies, DoesNotTakeBodyBytesForARequest) {
  echo_path();
  start();
  Wire wire(port());
  wire.send(post("Transfer-Encoding: chunked\r\n", "zz\r\n") + get("/smuggled"));
  wire.head();
  EXPECT_EQ(wire.rest(), "/p");
  EXPECT_EQ(script_.requests, 1);
}

TEST_F(ServingBodies, GivesBodiesAsTheyArrive) {
  script_.later = [](Exchange& exchange) -> asio::awaitable<void> {
    exchange.start(200, {}, Framing::chunked, 0, false);
    while (true) {
      const auto part = co_await exchange.read_body_some();
      if (!part || part->empty()) break;
      exchange.put(std::string(reinterpret_cast<const char*>(part->data()), part->size()));
      co_await exchange.flush();
    }
    exchange.end();
  };
  start();
  Wire wire(port());
  wire.send(post("Content-Length: 6\r\n", "ab"));
  wire.head();
  EXPECT_EQ(wire.until("ab\r\n"), "2\r\nab\r\n");
  wire.send("cd");
  EXPECT_EQ(wire.until("cd\r\n"), "2\r\ncd\r\n");
  wire.send("ef" + get("/", "Connection: close\r\n"));
  EXPECT_EQ(wire.until("0\r\n\r\n"), "2\r\nef\r\n0\r\n\r\n");
}

TEST_F(ServingBodies, SeesTheClientEndInTheBody) {
  echo_body();
  start();
  Wire wire(port());
  wire.send(post("Content-Length: 10\r\n", "half"));
  wire.end_sending();
  EXPECT_EQ(status_of(wire.head()), "400");
  EXPECT_EQ(wire.rest(), "malformed_request");
}

}  // namespace
}  // namespace kronborg::http

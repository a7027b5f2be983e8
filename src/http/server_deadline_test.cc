#include <gtest/gtest.h>

#include <future>

#include "http/limits.h"
#include "http/test_server.h"

namespace kronborg::http {
namespace {

using test::get;
using test::status_of;
using test::Wire;

/// Time runs 50 times as fast as the ticks.
class Deadlines : public test::ServerTest {
 protected:
  Deadlines() { hurry(); }
};

TEST_F(Deadlines, AHeadThatIsNotCompleteIsRefused) {
  echo_path();
  start();
  const auto before = hurried();
  Wire wire(port());
  wire.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  const auto answer = wire.rest();
  EXPECT_EQ(status_of(answer), "408");
  EXPECT_TRUE(answer.ends_with("request_timeout"));
  EXPECT_GE(hurried() - before, head_time);
  EXPECT_EQ(script_.requests, 0);
}

TEST_F(Deadlines, MoreBytesDoNotPutTheDeadlineOff) {
  echo_path();
  start();
  Wire wire(port());
  wire.send("GET / HTTP/1.1\r\nHost: a\r\n");
  auto answer = std::async(std::launch::async, [&wire] { return wire.rest(); });
  while (answer.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready)
    wire.send("X: y\r\n");
  // Either the deadline or, on a very slow machine, the limit of fields ended it.
  const auto text = answer.get();
  EXPECT_TRUE(status_of(text) == "408" || status_of(text) == "431") << text;
}

TEST_F(Deadlines, AConnectionThatSendsNothingIsClosed) {
  start();
  const auto before = hurried();
  Wire wire(port());
  EXPECT_EQ(wire.rest(), "");
  EXPECT_GE(hurried() - before, head_time);
}

TEST_F(Deadlines, AnIdleConnectionIsClosedLater) {
  echo_path();
  start();
  Wire wire(port());
  wire.send(get("/"));
  wire.head();
  const auto before = hurried();
  EXPECT_EQ(wire.rest(), "/");
  EXPECT_GE(hurried() - before + std::chrono::milliseconds(200), idle_time);
}

TEST_F(Deadlines, AStalledBodyTimesOut) {
  script_.later = [](Exchange& exchange) -> asio::awaitable<void> {
    const auto body = co_await exchange.read_body(100);
    Answer answer;
    answer.status = body ? 200 : base::facts(body.error().code).http_status;
    exchange.respond(answer);
  };
  start();
  Wire wire(port());
  wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(status_of(wire.rest()), "408");
}

TEST_F(Deadlines, ALoosePaceWaitsLonger) {
  std::chrono::milliseconds strict_time{};
  std::chrono::milliseconds loose_time{};
  script_.later = [&](Exchange& exchange) -> asio::awaitable<void> {
    const bool strict = exchange.request().path == "/strict";
    exchange.set_body_pace(strict);
    const auto before = hurried();
    const auto body = co_await exchange.read_body(100);
    EXPECT_FALSE(body);
    (strict ? strict_time : loose_time) = hurried() - before;
    exchange.respond(Answer{});
  };
  start();
  for (const std::string path : {"/strict", "/loose"}) {
    Wire wire(port());
    wire.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    wire.rest();
  }
  EXPECT_LT(strict_time, body_time);
  EXPECT_GE(loose_time + std::chrono::milliseconds(200), idle_time);
}

TEST_F(Deadlines, AClientThatDoesNotReadIsLeft) {
  std::promise<bool> flushed;
  script_.later = [&flushed](Exchange& exchange) -> asio::awaitable<void> {
    exchange.start(200, {}, Framing::chunked, 0, false);
    const std::string part(1U << 20U, 'x');
    bool alive = true;
    for (int i = 0; alive && i < 1000; ++i) {
      exchange.put(part);
      alive = co_await exchange.flush();
    }
    flushed.set_value(alive);
    exchange.cut();
  };
  start();
  Wire wire(port());
  wire.send(get("/"));
  EXPECT_FALSE(flushed.get_future().get());
}

}  // namespace
}  // namespace kronborg::http

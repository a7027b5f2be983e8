#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "http/test_server.h"

namespace kronborg::http {
namespace {

using test::get;
using test::status_of;
using test::value_of;
using test::Wire;

class Streaming : public test::ServerTest {
 protected:
  /// Waits on the exchange's loop until `wake` is called there.
  struct Pause {
    explicit Pause(Exchange& exchange)
        : timer(exchange.executor(), asio::steady_timer::time_point::max()) {}
    asio::awaitable<void> wait() { co_await timer.async_wait(asio::as_tuple(asio::use_awaitable)); }
    void wake() { timer.cancel(); }
    asio::steady_timer timer;
  };

  /// Streams one part, then waits until the client leaves.
  void stream_until_gone() {
    script_.later = [this](Exchange& exchange) -> asio::awaitable<void> {
      Pause pause(exchange);
      exchange.start(200, {}, Framing::chunked, 0, true);
      exchange.put("first");
      co_await exchange.flush();
      exchange.when_client_leaves([&pause] { pause.wake(); });
      co_await pause.wait();
      left_.set_value();
      exchange.cut();
    };
  }

  std::promise<void> left_;
};

TEST_F(Streaming, FramesInChunks) {
  script_.later = [](Exchange& exchange) -> asio::awaitable<void> {
    const Field fields[] = {{"Content-Type", "text/event-stream"}, {"Date", "now"}};
    exchange.start(200, fields, Framing::chunked, 0, false);
    exchange.put("hello");
    exchange.put("");
    exchange.put(std::string(300, 'x'));
    exchange.end();
    co_return;
  };
  start();
  Wire wire(port());
  wire.send(get("/", "X-Request-Id: streamed\r\n"));
  EXPECT_EQ(wire.head(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDate: now\r\nTransfer-Encoding: "
            "chunked\r\n"
            "X-Request-Id: streamed\r\n\r\n");
  EXPECT_EQ(wire.until("0\r\n\r\n"),
            "5\r\nhello\r\n12c\r\n" + std::string(300, 'x') + "\r\n0\r\n\r\n");
  wire.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  const auto head = wire.head();
  EXPECT_EQ(value_of(head, "Transfer-Encoding"), "");
  EXPECT_EQ(value_of(head, "Connection"), "close");
  EXPECT_EQ(wire.rest(), "hello" + std::string(300, 'x'));
  Wire heads(port());
  heads.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(heads.rest().ends_with("\r\n\r\n"));
}

TEST_F(Streaming, CutsAnAnswerShorterOrLongerThanItsLength) {
  script_.later = [](Exchange& exchange) -> asio::awaitable<void> {
    exchange.start(200, {}, Framing::length, 5, false);
    exchange.put(exchange.request().path == "/short"  ? "abc"
                 : exchange.request().path == "/long" ? "abcdef"
                                                      : "abcde");
    exchange.end();
    co_return;
  };
  start();
  Wire shorter(port());
  shorter.send(get("/short"));
  EXPECT_EQ(value_of(shorter.head(), "Content-Length"), "5");
  EXPECT_EQ(shorter.rest(), "abc");
  Wire longer(port());
  longer.send(get("/long"));
  longer.head();
  EXPECT_EQ(longer.rest(), "");
  Wire exact(port());
  exact.send(get("/exact") + get("/exact"));
  exact.head();
  EXPECT_EQ(exact.exactly(5), "abcde");
  exact.head();
  EXPECT_EQ(exact.exactly(5), "abcde");
}

TEST_F(Streaming, ACutIsVisible) {
  script_.later = [](Exchange& exchange) -> asio::awaitable<void> {
    const bool chunked = exchange.request().path == "/chunked";
    exchange.start(200, {}, chunked ? Framing::chunked : Framing::until_close, 0, false);
    exchange.put("part");
    co_await exchange.flush();
    exchange.cut();
  };
  start();
  Wire chunked(port());
  chunked.send(get("/chunked"));
  chunked.head();
  EXPECT_EQ(chunked.rest(), "4\r\npart\r\n");
  Wire open_ended(port());
  open_ended.send(get("/until-close"));
  EXPECT_EQ(value_of(open_ended.head(), "Connection"), "close");
  open_ended.rest();
  EXPECT_TRUE(open_ended.was_reset());
}

TEST_F(Streaming, TellsWhenTheClientCloses) {
  stream_until_gone();
  start();
  Wire wire(port());
  wire.send(get("/"));
  wire.until("first\r\n");
  wire.close();
  left_.get_future().get();
}

TEST_F(Streaming, TellsWhenTheClientResets) {
  stream_until_gone();
  start();
  Wire wire(port());
  wire.send(get("/"));
  wire.until("first\r\n");
  wire.reset();
  left_.get_future().get();
}

TEST_F(Streaming, TellsWhenTheClientClosesBehindAPipelinedRequest) {
  stream_until_gone();
  start();
  Wire wire(port());
  wire.send(get("/"));
  wire.until("first\r\n");
  wire.send(get("/more"));
  wire.end_sending();
  left_.get_future().get();
}

TEST_F(Streaming, TellsWhenTheClientLeavesBeforeTheAnswerBegins) {
  script_.later = [this](Exchange& exchange) -> asio::awaitable<void> {
    Pause pause(exchange);
    EXPECT_EQ(*co_await exchange.read_body(100), "abc");
    exchange.when_client_leaves([&pause] { pause.wake(); });
    co_await pause.wait();
    left_.set_value();
    exchange.cut();
  };
  start();
  Wire wire(port());
  wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  wire.close();
  left_.get_future().get();
}

TEST_F(Streaming, AStaleWatchDoesNotTroubleTheNextRequest) {
  int left = 0;
  script_.later = [&left](Exchange& exchange) -> asio::awaitable<void> {
    exchange.when_client_leaves([&left] { ++left; });
    asio::steady_timer timer(exchange.executor(), std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    exchange.respond(Answer{});
  };
  start();
  {
    Wire wire(port());
    for (int i = 0; i < 20; ++i) {
      wire.send(get("/"));
      EXPECT_EQ(status_of(wire.head()), "200");
    }
  }
  server_->stop();
  EXPECT_EQ(left, 0);
  EXPECT_EQ(script_.requests, 20);
}

TEST_F(Streaming, WritesMoreThanTheSocketTakes) {
  const std::string part(100'000, 'z');
  script_.later = [&part](Exchange& exchange) -> asio::awaitable<void> {
    exchange.start(200, {}, Framing::length, 200 * part.size(), false);
    for (int i = 0; i < 200; ++i) {
      exchange.put(part);
      if (!co_await exchange.flush()) co_return;
    }
    exchange.end();
  };
  start();
  Wire wire(port());
  wire.send(get("/"));
  wire.head();
  std::size_t total = 0;
  while (total < 200 * part.size()) total += wire.exactly(50'000).size();
  EXPECT_EQ(total, 200 * part.size());
}

TEST_F(Streaming, HandsOverTheConnectionAfter101) {
  script_.later = [](Exchange& exchange) -> asio::awaitable<void> {
    const Field fields[] = {{"Upgrade", "echo"}};
    exchange.start(101, fields, Framing::none, 0, false);
    co_await exchange.flush();
    while (true) {
      const auto bytes = co_await exchange.read_raw_some();
      if (bytes.empty() || !co_await exchange.write_raw(bytes)) break;
    }
  };
  start();
  Wire wire(port());
  wire.send(get("/", "Upgrade: echo\r\nConnection: Upgrade\r\nX-Request-Id: upgraded\r\n") +
            "early");
  EXPECT_EQ(
      wire.head(),
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "X-Request-Id: upgraded\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(wire.exactly(5), "early");
  wire.send(std::string(10'000, 'q'));
  EXPECT_EQ(wire.exactly(10'000), std::string(10'000, 'q'));
  wire.end_sending();
  EXPECT_EQ(wire.rest(), "");
  EXPECT_FALSE(wire.was_reset());
}

TEST_F(Streaming, DrainingEndsStreamsIdleConnectionsAndRefusesTheRest) {
  std::promise<void> streaming;
  script_.now = [](Exchange& exchange) {
    if (exchange.request().path != "/idle") return false;
    exchange.respond(Answer{});
    return true;
  };
  script_.later = [&](Exchange& exchange) -> asio::awaitable<void> {
    Pause pause(exchange);
    exchange.start(200, {}, Framing::chunked, 0, false);
    exchange.put("first");
    co_await exchange.flush();
    exchange.when_draining([&pause] { pause.wake(); });
    streaming.set_value();
    co_await pause.wait();
    exchange.put("bye");
    exchange.end();
  };
  start();
  Wire idle(port());
  idle.send(get("/idle"));
  idle.head();
  Wire stream(port());
  stream.send(get("/stream") + get("/late"));
  streaming.get_future().get();
  const auto bound = port();
  auto stopped = std::async(std::launch::async, [this] { server_->stop(); });
  EXPECT_EQ(idle.rest(), "");
  EXPECT_FALSE(idle.was_reset());
  stream.until("bye\r\n0\r\n\r\n");
  const auto late = stream.rest();
  EXPECT_EQ(status_of(late), "503");
  EXPECT_TRUE(late.ends_with("draining"));
  stopped.get();
  EXPECT_TRUE(server_->draining());
  EXPECT_EQ(server_->connections(), 0U);
  EXPECT_FALSE(Wire(bound).connected());
}

}  // namespace
}  // namespace kronborg::http

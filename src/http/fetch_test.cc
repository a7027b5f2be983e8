#include "http/fetch.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

namespace kronborg::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using base::Code;

/// Takes one connection, keeps what was asked, sends `answer`, and closes it, or waits until the
/// client does.
class Peer {
 public:
  enum class Then : std::uint8_t { close, wait };

  explicit Peer(std::string answer, Then then = Then::close, std::size_t body_bytes = 0)
      : acceptor_(loop_, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        thread_([this, answer = std::move(answer), then, body_bytes] {
          Tcp::socket socket(loop_);
          boost::system::error_code error;
          acceptor_.accept(socket, error);
          if (error) return;
          asio::streambuf read;
          const auto head = asio::read_until(socket, read, "\r\n\r\n", error);
          while (read.size() < head + body_bytes && !error) {
            read.commit(socket.read_some(read.prepare(4096), error));
          }
          asked_.assign(static_cast<const char*>(read.data().data()), read.size());
          asio::write(socket, asio::buffer(answer), error);
          char byte = 0;
          if (then == Then::wait) socket.read_some(asio::buffer(&byte, 1), error);
        }) {}
  ~Peer() {
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] UpstreamUrl url(const std::string& base = "") const {
    return parse_upstream_url(
               "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + base)
        .value();
  }
  const std::string& asked() {
    thread_.join();
    return asked_;
  }

 private:
  asio::io_context loop_;
  Tcp::acceptor acceptor_;
  std::string asked_;
  std::thread thread_;
};

TEST(Fetch, SendsWhatWasAskedAndCollectsTheAnswer) {
  Peer peer(
      "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nX-More: a\r\nContent-Length: 5\r\n"
      "\r\nhello",
      Peer::Then::close, 4);
  const auto url = peer.url("/below");
  const auto answer = fetch(
      url,
      {.method = "POST", .target = "/x?y=1", .fields = {{"X-Private-Key", "k"}}, .body = "body"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->field("x-more"), "a");
  EXPECT_EQ(answer->field("absent"), "");
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(peer.asked(), "POST /below/x?y=1 HTTP/1.1\r\nHost: " + url.host_field +
                              "\r\nConnection: close\r\nX-Private-Key: k\r\nContent-Length: 4\r\n"
                              "\r\nbody");
}

TEST(Fetch, ReadsChunksAndWhatRunsToTheEnd) {
  Peer chunked(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
      Peer::Then::wait);
  const auto first = fetch(chunked.url(), {});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, "abcde");
  EXPECT_EQ(first->field("link"), "") << "of an interim answer";
  Peer open("HTTP/1.0 200 OK\r\n\r\nto the end");
  EXPECT_EQ(fetch(open.url(), {}).value().body, "to the end");
}

TEST(Fetch, HandsAStreamOverAsItComesUntilItsReaderHasEnough) {
  Peer peer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Peer::Then::wait);
  std::string seen;
  const auto answer = fetch(peer.url(), {}, [&](std::string_view bytes) {
    seen.append(bytes);
    return false;
  });
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->stopped);
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(answer->body, "");
}

TEST(Fetch, GivesARefusalToTheCallerNotToTheSink) {
  Peer peer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}");
  bool called = false;
  const auto answer = fetch(peer.url(), {}, [&](std::string_view) { return called = true; });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(answer->body, "{}");
  EXPECT_FALSE(called);
}

TEST(Fetch, FollowsNoRedirection) {
  Peer peer(
      "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\n"
      "Content-Length: 0\r\n\r\n");
  const auto answer = fetch(peer.url(), {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(answer->field("location"), "http://127.0.0.1:9/");
}

TEST(Fetch, IsNotContentWithHalfAnAnswer) {
  for (const char* half :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", "SSH-2.0-x\r\n"}) {
    Peer peer(half);
    const auto answer = fetch(peer.url(), {});
    ASSERT_FALSE(answer) << half;
    EXPECT_EQ(answer.error().code, Code::server_unreachable);
    EXPECT_TRUE(may_have_arrived(answer.error())) << half;
  }
}

TEST(Fetch, BoundsWhatItCollectsAndHowLongItWaits) {
  Peer large("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789");
  EXPECT_FALSE(fetch(large.url(), {.most_bytes = 8}));
  Peer silent("", Peer::Then::wait);
  const auto nothing = fetch(silent.url(), {.patience = std::chrono::milliseconds(50)});
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message.find("in time"), std::string::npos);
  Peer endless("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1", Peer::Then::wait);
  EXPECT_FALSE(fetch(endless.url(), {.whole = std::chrono::milliseconds(50)}));
}

TEST(Fetch, StopsWhenItIsTold) {
  Peer peer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Peer::Then::wait);
  int asked = 0;
  const auto answer = fetch(peer.url(), {.stop = [&] { return ++asked > 1; }},
                            [](std::string_view) { return true; });
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->stopped);
}

TEST(Fetch, SaysWhenNobodyListens) {
  UpstreamUrl url;
  {
    asio::io_context loop;
    const Tcp::acceptor closed(loop, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    url = parse_upstream_url("http://127.0.0.1:" + std::to_string(closed.local_endpoint().port()))
              .value();
  }
  const auto answer = fetch(url, {.method = "POST"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::server_unreachable);
  EXPECT_FALSE(may_have_arrived(answer.error()));
}

TEST(Fetch, SendsNothingThatWouldBeTwoRequests) {
  const auto url = parse_upstream_url("http://127.0.0.1:9").value();
  for (const FetchRequest& request :
       {FetchRequest{.target = "/x HTTP/1.1\r\nA: b"}, FetchRequest{.target = "/x y"},
        FetchRequest{.method = "GET\r\n"}, FetchRequest{.fields = {{"A", "b\r\nC: d"}}},
        FetchRequest{.fields = {{"A\n", "b"}}}}) {
    const auto answer = fetch(url, request);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::usage);
  }
}

}  // namespace
}  // namespace kronborg::http

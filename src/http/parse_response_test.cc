#include <gtest/gtest.h>

#include "http/parse.h"

namespace kronborg::http {
namespace {

struct Parsed {
  std::string data;
  ResponseHead head;
  std::size_t consumed = 0;
  base::Result<ParseState> state = ParseState::incomplete;
  explicit Parsed(std::string bytes, std::string_view method = "GET") : data(std::move(bytes)) {
    state = parse_response_head(data, method, head, consumed);
  }
};

TEST(ParseResponse, ReadsStatusFieldsAndLength) {
  const Parsed p("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello");
  ASSERT_EQ(*p.state, ParseState::complete);
  EXPECT_EQ(p.head.status, 200);
  EXPECT_EQ(p.head.body, BodyKind::length);
  EXPECT_EQ(p.head.content_length, 5U);
  EXPECT_TRUE(p.head.keep_alive);
  EXPECT_EQ(p.head.fields.size(), 2U);
  EXPECT_EQ(p.data.substr(p.consumed), "hello");
}

struct Body {
  std::string head;
  std::string method;
  BodyKind body;
  bool until_close;
  bool keep_alive;
};

TEST(ParseResponse, DecidesTheBodyAsRfc9112Section6_3) {
  const std::vector<Body> cases = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", "GET", BodyKind::chunked, false, true},
      {"HTTP/1.1 200 OK\r\n", "GET", BodyKind::none, true, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n", "GET", BodyKind::length, false, false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n", "GET",
       BodyKind::length, false, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n", "GET", BodyKind::length,
       false, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "HEAD", BodyKind::none, false, true},
      {"HTTP/1.1 204 No Content\r\n", "GET", BodyKind::none, false, true},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n", "GET", BodyKind::none, false, true},
      {"HTTP/1.1 100 Continue\r\n", "POST", BodyKind::none, false, true},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n", "GET", BodyKind::none, false, true},
  };
  for (const auto& c : cases) {
    const Parsed p(c.head + "\r\n", c.method);
    ASSERT_TRUE(p.state) << c.head;
    ASSERT_EQ(*p.state, ParseState::complete) << c.head;
    EXPECT_EQ(p.head.body, c.body) << c.head;
    EXPECT_EQ(p.head.until_close, c.until_close) << c.head;
    EXPECT_EQ(p.head.keep_alive, c.keep_alive) << c.head;
  }
}

TEST(ParseResponse, RefusesWhatCouldBeReadTwoWays) {
  const std::vector<std::string> cases = {
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1\t200 OK\r\n\r\n",
      "HTTP/1.1 200 O\rK\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "<html>\r\n",
      "HTTP/1.1 200 OK\n\n",
      "HTTP/1.1 200 OK\r\nX: y\n\r\n",
      "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
      std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", 27),
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(9000, 'a'),
      std::string(9000, 'H'),
  };
  for (const auto& c : cases) {
    const Parsed p(c);
    ASSERT_FALSE(p.state) << c.substr(0, 80);
    EXPECT_EQ(p.state.error().code, base::Code::upstream_invalid);
  }
}

TEST(ParseResponse, EveryPrefixIsIncomplete) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Parsed p(whole.substr(0, length));
    ASSERT_TRUE(p.state) << length;
    EXPECT_EQ(*p.state, ParseState::incomplete) << length;
  }
}

}  // namespace
}  // namespace kronborg::http

#include <gtest/gtest.h>

#include "http/parse.h"
#include "http/test_corpus.h"

namespace kronborg::http {
namespace {

struct Parsed {
  std::string data;
  RequestHead head;
  std::size_t consumed = 0;
  base::Result<ParseState> state = ParseState::incomplete;
  explicit Parsed(std::string bytes) : data(std::move(bytes)) {
    state = parse_request_head(data, head, consumed);
  }
};

TEST(ParseRequest, RefusesEveryCaseOfTheCorpusWithItsCode) {
  const auto cases = test::corpus_cases("refused_heads.txt");
  ASSERT_GE(cases.size(), 200U);
  for (const auto& c : cases) {
    const Parsed parsed(c.bytes);
    ASSERT_FALSE(parsed.state) << c.line;
    EXPECT_EQ(base::facts(parsed.state.error().code).name, c.expected) << c.line;
  }
}

TEST(ParseRequest, AcceptsEveryCaseOfTheCorpusWithItsPath) {
  for (const auto& c : test::corpus_cases("accepted_heads.txt")) {
    const Parsed parsed(c.bytes);
    ASSERT_TRUE(parsed.state) << c.line;
    ASSERT_EQ(*parsed.state, ParseState::complete) << c.line;
    EXPECT_EQ(parsed.consumed, c.bytes.size()) << c.line;
    EXPECT_EQ(decoded_path(parsed.head.path), c.expected) << c.line;
  }
}

TEST(ParseRequest, EveryPrefixOfAGoodHeadIsIncomplete) {
  const std::string whole =
      "POST /v1/x?y=1 HTTP/1.1\r\nHost: a:1\r\nAuthorization: Bearer k\r\nContent-Length: "
      "3\r\n\r\n";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Parsed parsed(whole.substr(0, length));
    ASSERT_TRUE(parsed.state) << length;
    EXPECT_EQ(*parsed.state, ParseState::incomplete) << length;
  }
  const Parsed parsed(whole + "abcGET ");
  ASSERT_EQ(*parsed.state, ParseState::complete);
  EXPECT_EQ(parsed.consumed, whole.size());
}

TEST(ParseRequest, ReadsTheParts) {
  const Parsed p(
      "PATCH /a/b%20c?d=e&f HTTP/1.1\r\nHost: Name:80\r\nX-One:  1 \r\nX-Request-Id: abc\r\n"
      "Content-Length: 12\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_EQ(*p.state, ParseState::complete);
  EXPECT_EQ(p.head.method, "PATCH");
  EXPECT_EQ(p.head.target, "/a/b%20c?d=e&f");
  EXPECT_EQ(p.head.path, "/a/b%20c");
  EXPECT_EQ(decoded_path(p.head.path), "/a/b c");
  EXPECT_EQ(p.head.query, "d=e&f");
  EXPECT_EQ(p.head.host, "Name:80");
  EXPECT_EQ(p.head.request_id, "abc");
  EXPECT_EQ(p.head.body, BodyKind::length);
  EXPECT_EQ(p.head.content_length, 12U);
  EXPECT_TRUE(p.head.expect_continue);
  EXPECT_TRUE(p.head.keep_alive);
  EXPECT_EQ(p.head.field("x-one"), "1");
  EXPECT_EQ(p.head.field("x-two"), std::nullopt);
}

TEST(ParseRequest, ReducesTheAbsoluteForm) {
  const Parsed p("GET http://Host.example:8080/a?b HTTP/1.1\r\nHost: host.EXAMPLE:8080\r\n\r\n");
  ASSERT_EQ(*p.state, ParseState::complete);
  EXPECT_EQ(p.head.target, "/a?b");
  EXPECT_EQ(p.head.host, "host.EXAMPLE:8080");
}

TEST(ParseRequest, TakesCredentialsOutOfTheFields) {
  const Parsed p(
      "GET / HTTP/1.1\r\nHost: a\r\nAUTHORIZATION: Bearer s1\r\nx-private-key: s2\r\n"
      "X-User-Token: s3\r\nX-Join-Token: s4\r\nCookie: s5\r\nX: y\r\n\r\n");
  ASSERT_EQ(*p.state, ParseState::complete);
  ASSERT_EQ(p.head.fields.size(), 2U);
  EXPECT_EQ(p.head.fields[0].name, "Host");
  EXPECT_EQ(p.head.fields[1].name, "X");
  EXPECT_EQ(p.head.secret(SecretField::authorization)->reveal(), "Bearer s1");
  EXPECT_EQ(p.head.secret(SecretField::private_key)->reveal(), "s2");
  EXPECT_EQ(p.head.secret(SecretField::user_token)->reveal(), "s3");
  EXPECT_EQ(p.head.secret(SecretField::join_token)->reveal(), "s4");
  EXPECT_EQ(p.head.secret(SecretField::cookie)->reveal(), "s5");
}

TEST(ParseRequest, NamesTheDuplicateHeader) {
  const Parsed p("GET / HTTP/1.1\r\nHost: a\r\nOrigin: x\r\norigin: x\r\n\r\n");
  ASSERT_FALSE(p.state);
  ASSERT_EQ(p.state.error().details.size(), 1U);
  EXPECT_EQ(p.state.error().details[0].name, "header");
  EXPECT_EQ(std::get<std::string>(p.state.error().details[0].value), "origin");
}

struct Persistence {
  std::string lines;
  bool keep_alive;
};

TEST(ParseRequest, DecidesWhetherTheConnectionIsKept) {
  // RFC 9112 section 9.3.
  const std::vector<Persistence> cases = {
      {"HTTP/1.1\r\nHost: a\r\n", true},
      {"HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", false},
      {"HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n", false},
      {"HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: CLOSE\r\n", false},
      {"HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n", true},
      {"HTTP/1.0\r\nHost: a\r\n", false},
      {"HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n", true},
      {"HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n", false},
  };
  for (const auto& c : cases) {
    const Parsed p("GET / " + c.lines + "\r\n");
    ASSERT_EQ(*p.state, ParseState::complete) << c.lines;
    EXPECT_EQ(p.head.keep_alive, c.keep_alive) << c.lines;
  }
}

TEST(ParseRequest, SeesAnUpgradeOnlyWhenConnectionNamesIt) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n";
  EXPECT_TRUE(Parsed(head + "Connection: keep-alive, Upgrade\r\n\r\n").head.upgrade);
  EXPECT_FALSE(Parsed(head + "Connection: keep-alive\r\n\r\n").head.upgrade);
  EXPECT_FALSE(Parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n").head.upgrade);
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n")
                   .head.upgrade);
}

TEST(ParseRequest, IgnoresExpectOfHttp10AndWithoutABody) {
  // RFC 9110 section 10.1.1.
  EXPECT_FALSE(
      Parsed("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
          .head.expect_continue);
  EXPECT_FALSE(
      Parsed("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").head.expect_continue);
}

TEST(ParseRequest, ForgetsTheRequestBefore) {
  const std::string first =
      "POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: one-of-a-kind\r\nAuthorization: Bearer x\r\n"
      "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  const std::string second = "GET /two HTTP/1.1\r\nHost: b\r\n\r\n";
  RequestHead head;
  std::size_t consumed = 0;
  ASSERT_TRUE(parse_request_head(first, head, consumed));
  ASSERT_TRUE(parse_request_head(second, head, consumed));
  EXPECT_EQ(head.body, BodyKind::none);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.request_id.empty());
  EXPECT_FALSE(head.secret(SecretField::authorization));
  ASSERT_EQ(head.fields.size(), 1U);
  EXPECT_EQ(head.host, "b");
}

}  // namespace
}  // namespace kronborg::http

#include "http/server.h"

#include <gtest/gtest.h>

#include <future>
#include <regex>

#include "http/test_corpus.h"
#include "http/test_server.h"

namespace kronborg::http {
namespace {

using test::get;
using test::status_of;
using test::value_of;
using test::Wire;

class Serving : public test::ServerTest {};

TEST_F(Serving, AnswersWithTheStandardFields) {
  echo_path();
  start();
  Wire wire(port());
  wire.send(get("/x", "X-Request-Id: my-own.id_1\r\n"));
  EXPECT_EQ(wire.head(),
            "HTTP/1.1 200 OK\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 2\r\n"
            "Cache-Control: no-store\r\n"
            "API-Version: 1\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Referrer-Policy: no-referrer\r\n"
            "X-Request-Id: my-own.id_1\r\n"
            "\r\n");
  EXPECT_EQ(wire.exactly(2), "/x");
}

TEST_F(Serving, MakesARequestIdWhenTheOwnOneIsNotWellFormed) {
  echo_path();
  start();
  Wire wire(port());
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::string before;
  for (const std::string own :
       {"", "X-Request-Id: short\r\n", "X-Request-Id: with space\r\n",
        "X-Request-Id: 12345678/\r\n", "X-Request-Id: 12345678\r\nX-Request-Id: 12345678\r\n"}) {
    wire.send(get("/", own));
    const auto id = value_of(wire.head(), "X-Request-Id");
    wire.exactly(1);
    EXPECT_TRUE(std::regex_match(id, uuid)) << own << id;
    EXPECT_NE(id, before);
    before = id;
  }
  wire.send(get("/", "X-Request-Id: " + std::string(64, 'a') + "\r\n"));
  EXPECT_EQ(value_of(wire.head(), "X-Request-Id"), std::string(64, 'a'));
  wire.exactly(1);
  wire.send(get("/", "X-Request-Id: " + std::string(65, 'a') + "\r\n"));
  EXPECT_TRUE(std::regex_match(value_of(wire.head(), "X-Request-Id"), uuid));
}

TEST_F(Serving, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  echo_path();
  start();
  Wire wire(port());
  std::string all;
  for (int i = 0; i < 200; ++i) all += get("/" + std::to_string(i));
  wire.send(all);
  for (int i = 0; i < 200; ++i) {
    const auto path = "/" + std::to_string(i);
    EXPECT_EQ(status_of(wire.head()), "200");
    EXPECT_EQ(wire.exactly(path.size()), path);
  }
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(Serving, ReadsARequestThatComesByteByByte) {
  echo_path();
  start();
  Wire wire(port());
  for (const char byte : get("/slow")) wire.send({&byte, 1});
  EXPECT_EQ(status_of(wire.head()), "200");
  EXPECT_EQ(wire.exactly(5), "/slow");
}

TEST_F(Serving, ClosesWhenAsked) {
  echo_path();
  start();
  Wire wire(port());
  wire.send(get("/1", "Connection: close\r\n") + get("/2"));
  const auto head = wire.head();
  EXPECT_EQ(value_of(head, "Connection"), "close");
  EXPECT_EQ(wire.rest(), "/1");
  EXPECT_EQ(script_.requests, 1);
}

TEST_F(Serving, SpeaksToHttp10Clients) {
  echo_path();
  start();
  Wire closing(port());
  closing.send("GET /x HTTP/1.0\r\nHost: a\r\n\r\n");
  EXPECT_EQ(value_of(closing.head(), "Connection"), "close");
  EXPECT_EQ(closing.rest(), "/x");
  Wire keeping(port());
  for (int i = 0; i < 2; ++i) {
    keeping.send("GET /y HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(value_of(keeping.head(), "Connection"), "keep-alive");
    EXPECT_EQ(keeping.exactly(2), "/y");
  }
}

TEST_F(Serving, LeavesTheBodyOutForHead) {
  echo_path();
  start();
  Wire wire(port());
  wire.send("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n" + get("/d"));
  EXPECT_EQ(value_of(wire.head(), "Content-Length"), "4");
  EXPECT_EQ(status_of(wire.head()), "200");
  EXPECT_EQ(wire.exactly(2), "/d");
}

TEST_F(Serving, SendsNoBodyWith204And304) {
  script_.now = [](Exchange& exchange) {
    Answer answer;
    answer.status = exchange.request().path == "/204" ? 204 : 304;
    answer.body = "never sent";
    exchange.respond(answer);
    return true;
  };
  start();
  Wire wire(port());
  for (const std::string status : {"204", "304"}) {
    wire.send(get("/" + status));
    const auto head = wire.head();
    EXPECT_EQ(status_of(head), status);
    EXPECT_EQ(value_of(head, "Content-Length"), "");
    EXPECT_EQ(value_of(head, "Content-Type"), "");
  }
}

TEST_F(Serving, WritesPreparedHeadsWithWhatTheyLack) {
  script_.now = [](Exchange& exchange) {
    exchange.respond_prepared("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n", "no");
    return true;
  };
  start();
  Wire wire(port());
  wire.send(get("/", "X-Request-Id: prepared\r\nConnection: close\r\n"));
  EXPECT_EQ(wire.rest(),
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "X-Request-Id: prepared\r\nConnection: close\r\n\r\nno");
}

TEST_F(Serving, LetsTheAnswerReplaceCacheControlAndKeepsControlBytesOut) {
  options_.strict_transport = true;
  script_.now = [](Exchange& exchange) {
    Answer answer;
    answer.fields = {{"Cache-Control", "max-age=60"}, {"Location", "/a\r\nX-Evil: 1"}};
    exchange.respond(answer);
    return true;
  };
  start();
  Wire wire(port());
  wire.send(get("/"));
  const auto head = wire.head();
  EXPECT_EQ(value_of(head, "Cache-Control"), "max-age=60");
  EXPECT_EQ(head.find("no-store"), std::string::npos);
  EXPECT_EQ(value_of(head, "Location"), "/a  X-Evil: 1");
  EXPECT_EQ(value_of(head, "Strict-Transport-Security"), "max-age=31536000");
}

TEST_F(Serving, RefusesEveryCaseOfTheCorpusAndCloses) {
  echo_path();
  start();
  for (const auto& c : test::corpus_cases("refused_heads.txt")) {
    Wire wire(port());
    wire.send(c.bytes + get("/smuggled"));
    const auto answer = wire.rest();
    const auto code = base::code_named(c.expected);
    ASSERT_TRUE(code) << c.line;
    EXPECT_EQ(status_of(answer), std::to_string(base::facts(*code).http_status)) << c.line;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + c.expected)) << c.line << answer;
    EXPECT_EQ(value_of(answer, "Connection"), "close") << c.line;
    EXPECT_FALSE(wire.was_reset()) << c.line;
  }
  EXPECT_EQ(script_.requests, 0);
}

TEST_F(Serving, RefusesABadRequestBehindAGoodOne) {
  echo_path();
  start();
  Wire wire(port());
  wire.send(get("/good") + "GET /bad HTTP/9\r\nHost: a\r\n\r\n" + get("/after"));
  EXPECT_EQ(status_of(wire.head()), "200");
  EXPECT_EQ(wire.exactly(5), "/good");
  EXPECT_EQ(status_of(wire.head()), "400");
  EXPECT_EQ(wire.rest(), "malformed_request");
  EXPECT_EQ(script_.requests, 1);
}

TEST_F(Serving, TurnsAnExceptionInto500AndReportsIt) {
  std::promise<std::string> reported;
  options_.on_internal_error = [&](std::string_view id, std::string_view what) {
    reported.set_value(std::string(id) + " " + std::string(what));
  };
  script_.now = [](Exchange& exchange) -> bool {
    if (exchange.request().path == "/now") throw std::runtime_error("thrown");
    return false;
  };
  script_.later = [](Exchange&) -> asio::awaitable<void> {
    throw std::runtime_error("thrown later");
    co_return;
  };
  start();
  Wire now(port());
  now.send(get("/now", "X-Request-Id: request-1\r\n"));
  EXPECT_EQ(status_of(now.head()), "500");
  EXPECT_EQ(now.rest(), "internal_error");
  EXPECT_EQ(reported.get_future().get(), "request-1 thrown");
  reported = {};
  Wire later(port());
  later.send(get("/later", "X-Request-Id: request-2\r\n"));
  EXPECT_EQ(status_of(later.head()), "500");
  EXPECT_EQ(later.rest(), "internal_error");
  EXPECT_EQ(reported.get_future().get(), "request-2 thrown later");
}

TEST_F(Serving, AnswersForAServiceThatDoesNot) {
  std::promise<void> reported;
  options_.on_internal_error = [&](std::string_view, std::string_view) { reported.set_value(); };
  script_.later = [](Exchange&) -> asio::awaitable<void> { co_return; };
  start();
  Wire wire(port());
  wire.send(get("/"));
  EXPECT_EQ(status_of(wire.head()), "500");
  reported.get_future().get();
}

TEST_F(Serving, RecordsEachAnswer) {
  std::promise<std::string> recorded;
  options_.on_access = [&](const AccessRecord& r) {
    EXPECT_GE(r.micros, 0);
    recorded.set_value(std::string(r.request_id) + " " + std::string(r.source) + " " +
                       std::string(r.method) + " " + std::to_string(r.status) + " " +
                       std::to_string(r.bytes) + " " + std::string(r.credential_id) + " " +
                       std::string(r.route));
  };
  script_.now = [](Exchange& exchange) {
    exchange.set_route("/api/:id");
    exchange.set_credential_id("key-7");
    Answer answer;
    answer.status = 404;
    answer.body = "12345";
    exchange.respond(answer);
    return true;
  };
  start();
  Wire wire(port());
  wire.send(get("/api/7", "X-Request-Id: request-1\r\nAuthorization: Bearer secret\r\n"));
  EXPECT_EQ(recorded.get_future().get(), "request-1 127.0.0.1 GET 404 5 key-7 /api/:id");
}

TEST_F(Serving, WipesCredentialsWhenTheExchangeEnds) {
  // The service keeps a view of the credential and looks again with the next request, while the
  // connection's buffer is the same.
  std::string_view kept;
  std::string seen;
  script_.now = [&](Exchange& exchange) {
    if (exchange.request().path == "/first") {
      kept = exchange.request().secret(SecretField::authorization)->reveal();
    } else {
      seen = std::string(kept);
    }
    exchange.respond(Answer{});
    return true;
  };
  start();
  Wire wire(port());
  wire.send(get("/first", "Authorization: Bearer canary-canary\r\n") + get("/second"));
  wire.head();
  wire.head();
  EXPECT_EQ(seen, std::string(std::string_view("Bearer canary-canary").size(), '\0'));
}

}  // namespace
}  // namespace kronborg::http

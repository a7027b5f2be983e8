#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "gate/house_test.h"

// Upstreams that fail or lie, clients that leave.
namespace kronborg::gate::test {
namespace {

std::string get(const House& house, const std::string& path = "/v1/x") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + "\r\n";
}

/// Asks an upstream that answers every request with these bytes and closes.
std::string through(const std::string& answer) {
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send(answer);
  });
  const House house(upstream);
  return house.ask("GET /v1/x", house.bearer());
}

std::string code_in(const std::string& answer) {
  const std::string body = body_of(answer);
  const std::size_t at = body.find(R"("code":")");
  if (at == std::string::npos) return "no code";
  return body.substr(at + 8, body.find('"', at + 8) - at - 8);
}

TEST(Faults, AnUpstreamThatIsDownIs502WithAHint) {
  std::string url;
  {
    const ScriptedUpstream gone([](Wire&, int) {});
    url = gone.url();
  }
  House house(House::settings_for(url));
  const std::string answer =
      house.ask("GET /x", house.bearer() + "Origin: http://localhost:1337\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 502 Bad Gateway");
  EXPECT_EQ(
      body_of(answer),
      R"({"error":{"message":"The upstream does not accept connections.","type":"upstream_error",)"
      R"("code":"upstream_unreachable","hint":"Is it running? See 'kronborg doctor'."}})");
  EXPECT_EQ(field_of(answer, "Access-Control-Allow-Origin"), "http://localhost:1337|");
  // Also with a body on its way.
  Wire wire = house.client();
  wire.send("POST /x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() +
            "Content-Length: 5\r\n\r\nhello" + get(house));
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 502 Bad Gateway");
}

TEST(Faults, ANameThatIsNotKnownIs502) {
  House house(House::settings_for("http://upstream.invalid:1"));
  EXPECT_EQ(code_in(house.ask("GET /x", house.bearer())), "upstream_unreachable");
}

TEST(Faults, WhatIsNotHttpIs502) {
  for (const char* answer :
       {"", "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 999 X\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: half of a head"}) {
    EXPECT_EQ(code_in(through(answer)), "upstream_invalid") << answer;
  }
  std::string endless = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 4000; ++i) endless += "X-Field: 0123456789\r\n";
  EXPECT_EQ(code_in(through(endless)), "upstream_invalid");
  std::string interim;
  for (int i = 0; i < 17; ++i) interim += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_EQ(code_in(through(interim + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
            "upstream_invalid");
}

TEST(Faults, AnAnswerThatEndsEarlyIsCutForTheClient) {
  const std::string length = through("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(status_of(length), "HTTP/1.1 200 OK");
  EXPECT_EQ(field_of(length, "Content-Length"), "10|");
  EXPECT_EQ(body_of(length), "half");
  const std::string chunked =
      through("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  EXPECT_EQ(body_of(chunked), "4\r\nhalf\r\n");
  const std::string broken =
      through("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalfX");
  EXPECT_EQ(body_of(broken), "4\r\nhalf\r\n");
}

TEST(Faults, BytesBehindAnAnswerReachNobody) {
  ScriptedUpstream upstream([](Wire& wire, int connection) {
    while (!wire.read_head().empty()) {
      const std::string own = std::to_string(connection);
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + own +
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!");
    }
  });
  House house(upstream);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(body_of(house.ask("GET /x", house.bearer())), std::to_string(i));
  EXPECT_EQ(upstream.connections(), 3);
}

TEST(Faults, BytesThatNobodyAskedForCloseAnIdleConnection) {
  std::promise<void> answered, sent;
  ScriptedUpstream upstream([&](Wire& wire, int connection) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(connection));
    if (connection == 0) {
      answered.get_future().wait();
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!");
      sent.set_value();
    }
    wire.read_head();
  });
  House house(upstream);
  EXPECT_EQ(body_of(house.ask("GET /x", house.bearer())), "0");
  answered.set_value();
  sent.get_future().wait();
  EXPECT_EQ(body_of(house.ask("GET /x", house.bearer())), "1");
}

TEST(Faults, AnUpstreamThatKeepsSilentIs504) {
  std::promise<void> asked;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    asked.set_value();
    EXPECT_TRUE(wire.at_end());
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(get(house));
  asked.get_future().wait();
  house.tick(std::chrono::seconds(590));
  house.tick(std::chrono::seconds(601));
  std::string answer = wire.read_head();
  EXPECT_EQ(status_of(answer), "HTTP/1.1 504 Gateway Timeout");
  answer += wire.read(std::stoul(field_of(answer, "Content-Length")));
  EXPECT_EQ(code_in(answer), "upstream_timeout");
}

TEST(Faults, AnAnswerThatStopsComingIsCut) {
  std::promise<void> begun;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    begun.get_future().wait();
    EXPECT_TRUE(wire.at_end());
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send(get(house));
  wire.read_head();
  EXPECT_EQ(wire.read(4), "half");
  begun.set_value();
  house.tick(std::chrono::seconds(601));
  EXPECT_TRUE(wire.at_end());
}

TEST(Faults, AFullUpstreamIs503) {
  std::promise<void> asked, release;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    asked.set_value();
    release.get_future().wait();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  Settings settings = House::settings_for(upstream.url());
  settings.max_upstream_connections = 1;
  House house(std::move(settings));
  Wire first = house.client();
  first.send(get(house));
  asked.get_future().wait();
  const std::string answer = house.ask("GET /x", house.bearer());
  EXPECT_EQ(status_of(answer), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(code_in(answer), "upstream_busy");
  EXPECT_EQ(field_of(answer, "Retry-After"), "1|");
  release.set_value();
  EXPECT_EQ(status_of(first.read_head()), "HTTP/1.1 200 OK");
}

TEST(Faults, AClientThatLeavesTakesTheUpstreamsConnectionAlong) {
  for (const bool while_waiting : {true, false}) {
    std::promise<void> asked;
    std::promise<bool> closed;
    ScriptedUpstream upstream([&](Wire& wire, int) {
      wire.read_head();
      if (!while_waiting) {
        wire.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
            "chunked\r\n\r\n1\r\na\r\n");
      }
      asked.set_value();
      closed.set_value(wire.at_end());
    });
    House house(upstream);
    Wire wire = house.client();
    wire.send(get(house));
    asked.get_future().wait();
    if (while_waiting) {
      house.tick();
    } else {
      wire.read_head();
      EXPECT_EQ(wire.read_chunk(), "a");
    }
    wire.close();
    EXPECT_TRUE(closed.get_future().get()) << while_waiting;
  }
}

TEST(Faults, AClientThatLeavesDuringItsUploadTakesItAlong) {
  std::promise<void> begun;
  std::promise<std::string> rest;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    EXPECT_EQ(wire.read(4), "half");
    begun.set_value();
    rest.set_value(wire.read_to_end());
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("POST /x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() +
            "Content-Length: 10\r\n\r\nhalf");
  begun.get_future().wait();
  wire.reset();
  EXPECT_EQ(rest.get_future().get(), "");
}

TEST(Faults, AMalformedBodyIs400AndEndsTheUpstreamsConnection) {
  std::promise<std::string> seen;
  ScriptedUpstream upstream([&](Wire& wire, int) {
    wire.read_head();
    seen.set_value(wire.read_to_end());
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("POST /x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() +
            "Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nZZ\r\nGET /smuggled HTTP/1.1\r\n\r\n");
  const std::string answer = wire.read_to_end();
  EXPECT_EQ(status_of(answer), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(code_in(answer), "malformed_request");
  EXPECT_EQ(seen.get_future().get(), "4\r\ngood\r\n");
}

TEST(Faults, ABodyOverTheLimitIs413) {
  Recorder recorder;
  Settings settings = House::settings_for(recorder.url());
  settings.body_limit_bytes = 100'000;
  House house(std::move(settings));
  // Judged from the head, and before the key.
  const std::string declared = house.ask("POST /x", "Content-Length: 100001\r\n");
  EXPECT_EQ(status_of(declared), "HTTP/1.1 413 Content Too Large");
  EXPECT_NE(body_of(declared).find(
                R"("code":"body_too_large","hint":"Send a smaller body.","limitBytes":100000)"),
            std::string::npos);
  Wire wire = house.client();
  wire.send("POST /x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() +
            "Transfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 11; ++i) wire.send("2710\r\n" + std::string(10'000, 'x') + "\r\n");
  std::string counted = wire.read_head();
  counted += wire.read(std::stoul(field_of(counted, "Content-Length")));
  EXPECT_EQ(status_of(counted), "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(code_in(counted), "body_too_large");
  EXPECT_TRUE(recorder.heads().empty());
  const std::string most = std::string(100'000, 'x');
  EXPECT_EQ(body_of(house.ask("POST /x", house.bearer() + "Content-Length: 100000\r\n\r\n" + most)),
            "ok");
}

TEST(Faults, AnAnswerBeforeTheEndOfTheRequestIsRelayed) {
  ScriptedUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nearly");
    wire.read_to_end();
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("POST /x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() +
            "Content-Length: 1000000\r\n\r\nbegin");
  EXPECT_EQ(status_of(wire.read_head()), "HTTP/1.1 401 Unauthorized");
  EXPECT_EQ(wire.read(5), "early");
}

}  // namespace
}  // namespace kronborg::gate::test

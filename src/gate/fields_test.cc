#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "gate/house_test.h"

// docs/protocol/cli.md, "Forwarded requests carry …": what an upstream sees, byte by byte.
namespace kronborg::gate::test {
namespace {

/// The judgement of a reader of its own: RFC 9112 to the letter, without leniency.
std::string strict_fault(const std::string& head) {
  const auto is_token = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of(
                                "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
  };
  std::string_view rest(head);
  const auto next = [&rest] {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    return line;
  };
  const std::string_view start = next();
  const std::size_t first = start.find(' '), last = start.rfind(' ');
  if (first == last || !is_token(start.substr(0, first)) || start.substr(last) != " HTTP/1.1")
    return "start line";
  for (const char c : start.substr(first + 1, last - first - 1)) {
    if (c < 0x21 || c > 0x7E) return "target";
  }
  if (start[first + 1] != '/') return "target form";
  std::multiset<std::string> framing;
  for (std::string_view line = next(); !line.empty(); line = next()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return "name: " + std::string(line);
    if (line.substr(colon, 2) != ": ") return "separator: " + std::string(line);
    for (const char c : line.substr(colon)) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F)
        return "value: " + std::string(line);
    }
    std::string name;
    for (const char c : line.substr(0, colon)) name += static_cast<char>(std::tolower(c));
    if (name == "host" || name == "content-length" || name == "transfer-encoding")
      framing.insert(name);
  }
  if (framing.count("host") != 1) return "host";
  if (framing.size() > 2) return "framing";
  return rest.empty() ? "" : "bytes behind the head";
}

TEST(Onward, TheUpstreamSeesWhoAsksAndFromWhere) {
  Recorder upstream;
  Settings settings;
  House::add_rule(settings, "", upstream.url(), "Bearer upstream-secret");
  House house(std::move(settings));
  const std::string answer =
      house.ask("GET /v1/models?a=%20b",
                house.bearer() + "X-Request-Id: my-own-id-1\r\nAccept: */*\r\nCookie: a=b\r\n");
  EXPECT_EQ(field_of(answer, "X-Request-Id"), "my-own-id-1|");
  const std::string head = upstream.heads().at(0);
  EXPECT_EQ(strict_fault(head), "");
  const std::string address = house.master.address.text();
  EXPECT_EQ(
      head,
      "GET /v1/models?a=%20b HTTP/1.1\r\nHost: " + upstream.url().substr(7) +
          "\r\nAccept: */*\r\nCookie: a=b\r\nAuthorization: Bearer "
          "upstream-secret\r\nX-Kronborg-Issuer: " +
          address + "\r\nX-Kronborg-Audience: " + address +
          "\r\nX-Kronborg-Scope: master\r\nX-Kronborg-Key-Id: 00000000-0000-4000-8000-000000000001"
          "\r\nX-Kronborg-Label: test\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http"
          "\r\nX-Forwarded-Host: localhost\r\nX-Request-Id: my-own-id-1\r\n\r\n");
}

TEST(Onward, NothingThatOnlyTheGateMaySayComesFromTheClient) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  const std::vector<std::string> names = {
      "X-Kronborg-Issuer", "X-Kronborg-Scope",  "X-Kronborg-Agent",    "X-Kronborg-Future",
      "X-Forwarded-For",   "X-Forwarded-Proto", "X-Forwarded-Host",    "X-Forwarded-Port",
      "X-Forwarded-User",  "Forwarded",         "X-Real-IP",           "X-Private-Key",
      "X-User-Token",      "X-Join-Token",      "Proxy-Authorization", "TE",
      "Trailer",           "Keep-Alive",        "Proxy-Connection",    "Proxy"};
  for (const std::string& name : names) {
    std::string under, loud;
    for (const char c : name) {
      under += c == '-' ? '_' : c;
      loud += static_cast<char>(std::toupper(c));
    }
    for (const std::string& spelt : {name, under, loud}) {
      (void)house.ask("GET /v1/models", house.bearer() + spelt + ": forged\r\n");
      EXPECT_EQ(upstream.heads().back().find("forged"), std::string::npos) << spelt;
    }
  }
  (void)house.ask("GET /v1/models",
                  house.bearer() + "Authorization_: forged\r\nX_Request_Id: forged-id-1\r\n");
  EXPECT_EQ(upstream.heads().back().find("forged-id-1"), std::string::npos);
  // Its own key stays here, too.
  for (const std::string& head : upstream.heads())
    EXPECT_EQ(head.find("osk-v1"), std::string::npos);
}

TEST(Onward, ConnectionTakesAwayWhatItNamesButNotOurs) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  (void)house.ask("GET /v1/models",
                  house.bearer() +
                      "Connection: x-mine, X-Kronborg-Issuer, x-forwarded-for, Host\r\n"
                      "X-Mine: gone\r\nX-Other: stays\r\n");
  const std::string head = upstream.heads().back();
  EXPECT_EQ(field_of(head, "X-Mine"), "");
  EXPECT_EQ(field_of(head, "X-Other"), "stays|");
  EXPECT_EQ(field_of(head, "X-Kronborg-Issuer"), house.master.address.text() + "|");
  EXPECT_EQ(field_of(head, "X-Forwarded-For"), "127.0.0.1|");
  EXPECT_EQ(field_of(head, "Host"), upstream.url().substr(7) + "|");
  EXPECT_EQ(field_of(head, "Connection"), "");
}

TEST(Onward, ATrustedProxyIsBelieved) {
  Recorder upstream;
  Settings settings = House::settings_for(upstream.url());
  settings.trusted_proxies = {"127.0.0.1"};
  House house(std::move(settings));
  (void)house.ask("GET /v1/models",
                  house.bearer() +
                      "X-Forwarded-For: 192.0.2.1, 198.51.100.7\r\n"
                      "X-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\n");
  const std::string head = upstream.heads().back();
  EXPECT_EQ(field_of(head, "X-Forwarded-For"), "192.0.2.1, 198.51.100.7, 127.0.0.1|");
  EXPECT_EQ(field_of(head, "X-Forwarded-Proto"), "https|");
  EXPECT_EQ(field_of(head, "X-Forwarded-Host"), "a.example|");
  const auto source = [&] {
    std::string last;
    house.on_loop([&](Gate& gate) { last = gate.collect_usage().at(0).last_source; });
    return last;
  };
  EXPECT_EQ(source(), "198.51.100.7");
  (void)house.ask(
      "GET /x",
      house.bearer() + "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 203.0.113.5, 127.0.0.1\r\n");
  EXPECT_EQ(source(), "203.0.113.5");
  (void)house.ask("GET /x", house.bearer() + "X-Forwarded-For: 192.0.2.1, unknown\r\n");
  EXPECT_EQ(source(), "127.0.0.1");
}

TEST(Onward, AnswersLoseTheFieldsOfTheirConnection) {
  ScriptedUpstream upstream([](Wire& wire, int) {
    wire.read_head();
    wire.send(
        "HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: "
        "timeout=5\r\nAlt-Svc: h3\r\n"
        "X-Request-Id: theirs\r\nX-App: 1\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nServer: up\r\n"
        "Content-Length: 2\r\n\r\nok");
  });
  House house(upstream);
  Wire wire = house.client();
  wire.send("GET /x HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ours-ours\r\n" + house.bearer() +
            "\r\n");
  const std::string head = wire.read_head();
  for (const char* gone : {"Connection", "X-Hop", "Keep-Alive", "Alt-Svc"})
    EXPECT_EQ(field_of(head, gone), "") << gone;
  EXPECT_EQ(field_of(head, "X-Request-Id"), "ours-ours|");
  EXPECT_EQ(field_of(head, "X-App"), "1|");
  EXPECT_EQ(field_of(head, "Set-Cookie"), "a=b|c=d|");
  EXPECT_EQ(wire.read(2), "ok");
}

// Shapes that some proxy forwards in another meaning than it read (the families of the HTTP
// garden).
std::vector<std::string> ambiguous_fields() {
  const std::string chunks = "1\r\nZ\r\n0\r\n\r\n";
  return {
      "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
      "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n" + chunks,
      "Content-Length: 1\r\nContent-Length: 1\r\n\r\nZ",
      "Content-Length: 1, 1\r\n\r\nZ",
      "Content-Length: +1\r\n\r\nZ",
      "Content-Length: 0x1\r\n\r\nZ",
      "Content-Length: 1_0\r\n\r\nZZZZZZZZZZ",
      "Content-Length: -0\r\n\r\n",
      "Content-Length : 1\r\n\r\nZ",
      "Content-Length: 1\n\r\nZ",
      "Content-Length:\r\n 1\r\n\r\nZ",
      "content_length: 5\r\n\r\n",
      "transfer_encoding: chunked\r\n\r\n",
      "Transfer-Encoding: ,chunked\r\n\r\n" + chunks,
      "Transfer-Encoding: chunked,\r\n\r\n" + chunks,
      "Transfer-Encoding: xchunked\r\n\r\n" + chunks,
      "Transfer-Encoding: chunked, identity\r\n\r\n" + chunks,
      "Transfer-Encoding: identity, chunked\r\n\r\n" + chunks,
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
      "Transfer-Encoding: chu\x6e\x6b"
      "ed\r\n\r\n" +
          chunks,
      "Transfer-Encoding:\x0b"
      "chunked\r\n\r\n" +
          chunks,
      "Transfer-Encoding: chunked\r\n\r\n1;a=\x01\r\nZ\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\nZ\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n0x1\r\nZ\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n+1\r\nZ\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n1_\r\nZ\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\nZ\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n1\nZ\n0\n\n",
      "Transfer-Encoding: chunked\r\n\r\n1\r\nZZ\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n1;ext\r\nZ\r\n0\r\nX-Forwarded-For: forged\r\n\r\n",
      "X: a\rb\r\n\r\n",
      std::string("X: a\0b\r\n\r\n", 10),
      "X: a\r\n b\r\n\r\n",
      "X y: a\r\n\r\n",
      ": a\r\n\r\n",
      "X\xa0: a\r\n\r\n",
      "X: \xa0\x85\r\n\r\n",
      "Host: other\r\n\r\n",
      "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nZ",
      "Expect: x\r\n\r\n",
      "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: "
      "AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
      "\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
  };
}

TEST(Onward, WhateverIsForwardedHasOneMeaning) {
  Recorder upstream;
  House house(House::settings_for(upstream.url()));
  for (const std::string& field : ambiguous_fields()) {
    Wire wire = house.client();
    wire.send("POST /v1/x HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() + field);
    wire.finish_sending();
    (void)wire.read_to_end();
  }
  for (const char* target : {"/\xff", "/a/../b", "/a/%2e%2e/b", "//a", "/a%2fb", "/a%00", "/a\\b",
                             "http://other/x", "a", "/a b"}) {
    Wire wire = house.client();
    wire.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + house.bearer() +
              "\r\n");
    wire.finish_sending();
    (void)wire.read_to_end();
  }
  const auto heads = upstream.heads();
  EXPECT_GE(heads.size(), 4U);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    EXPECT_EQ(strict_fault(heads[i]), "") << heads[i];
    EXPECT_NE(field_of(heads[i], "X-Kronborg-Issuer"), "") << heads[i];
    EXPECT_EQ(heads[i].find("forged"), std::string::npos);
    EXPECT_TRUE(upstream.bodies()[i].empty() || upstream.bodies()[i] == "Z")
        << upstream.bodies()[i];
    EXPECT_EQ(field_of(heads[i], "Upgrade"), "");
  }
}

}  // namespace
}  // namespace kronborg::gate::test

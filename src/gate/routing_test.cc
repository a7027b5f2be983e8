#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gate/house_test.h"

// docs/protocol/cli.md, "How the gate picks agent and upstream".
namespace kronborg::gate::test {
namespace {

std::string with(const std::string& key) { return "Authorization: Bearer " + key + "\r\n"; }

constexpr const char* scope_denied =
    R"({"error":{"message":"This access key is not scoped to the requested agent.",)"
    R"("type":"permission_error","code":"agent_scope_denied"}})";
constexpr const char* work_denied =
    R"({"error":"agent_scope_denied","message":"This access key is not scoped to the requested )"
    R"(agent.","code":"agent_scope_denied"})";

TEST(Routing, TheLongestPrefixOnASegmentBoundaryWins) {
  Recorder all, tags, deep;
  Settings settings;
  House::add_rule(settings, "/api", tags.url());
  House::add_rule(settings, "", all.url());
  House::add_rule(settings, "/api/deep/", deep.url("/base/"));
  House house(std::move(settings));
  EXPECT_EQ(body_of(house.ask("GET /v1/models?x=1", house.bearer())), "ok");
  EXPECT_EQ(all.last_start(), "GET /v1/models?x=1 HTTP/1.1");
  (void)house.ask("GET /apis", house.bearer());
  EXPECT_EQ(all.last_start(), "GET /apis HTTP/1.1");
  (void)house.ask("GET /api/tags", house.bearer());
  EXPECT_EQ(tags.last_start(), "GET /api/tags HTTP/1.1");
  (void)house.ask("GET /a%70i", house.bearer());
  EXPECT_EQ(tags.last_start(), "GET /a%70i HTTP/1.1");
  (void)house.ask("GET /api/deep/x/?", house.bearer());
  EXPECT_EQ(deep.last_start(), "GET /base/api/deep/x/? HTTP/1.1");
  EXPECT_EQ(all.heads().size(), 2U);
}

TEST(Routing, WithoutAnUpstreamTheKeyIsJudgedFirst) {
  Recorder tags;
  Settings settings;
  House::add_rule(settings, "/api", tags.url());
  House house(std::move(settings));
  EXPECT_EQ(status_of(house.ask("GET /v1/models", "")), "HTTP/1.1 401 Unauthorized");
  const std::string answer = house.ask("GET /v1/models", house.bearer());
  EXPECT_EQ(status_of(answer), "HTTP/1.1 404 Not Found");
  EXPECT_NE(body_of(answer).find(R"("type":"not_found_error","code":"no_upstream")"),
            std::string::npos);
}

TEST(Routing, AnAgentIsFoundByNameIdAndAddress) {
  Recorder all, own;
  House house(House::settings_for(all.url()));
  house.set_upstream_of_writer(own.url());
  const std::string address = house.writer.address.text();
  for (const std::string& name :
       {std::string("writer"), std::string("11111111-1111-4111-8111-111111111111"), address,
        house.writer.address.lower(), std::string("%77riter")}) {
    const std::string answer = house.ask("POST /agents/" + name + "/v1/chat?a=b", house.bearer());
    EXPECT_EQ(body_of(answer), "ok") << name;
    EXPECT_EQ(own.last_start(), "POST /v1/chat?a=b HTTP/1.1") << name;
  }
  (void)house.ask("GET /agents/writer", house.bearer());
  EXPECT_EQ(own.last_start(), "GET / HTTP/1.1");
  // The other has none of its own.
  (void)house.ask("GET /v1/agents/the%20painter/paint", house.bearer());
  EXPECT_EQ(all.last_start(), "GET /paint HTTP/1.1");
}

TEST(Routing, AnAgentKeyPicksItsAgent) {
  Recorder all, own;
  House house(House::settings_for(all.url()));
  house.set_upstream_of_writer(own.url());
  EXPECT_EQ(body_of(house.ask("GET /v1/models", with(house.writer.access_key()))), "ok");
  EXPECT_EQ(own.last_start(), "GET /v1/models HTTP/1.1");
  EXPECT_EQ(body_of(house.ask("GET /agents/writer/x", with(house.writer.access_key()))), "ok");
  EXPECT_EQ(own.last_start(), "GET /x HTTP/1.1");
  EXPECT_EQ(body_of(house.ask("GET /v1/models", with(house.painter.access_key()))), "ok");
  EXPECT_EQ(all.last_start(), "GET /v1/models HTTP/1.1");
}

TEST(Routing, AnAgentKeyReachesNoOtherAgent) {
  Recorder all;
  House house(House::settings_for(all.url()));
  const std::string key = with(house.writer.access_key());
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"GET /agents/the%20painter/x", scope_denied},
      {"GET /agents/nobody/x", scope_denied},
      {"GET /v1/agents/" + house.painter.address.text(), scope_denied},
      {"GET /%61gents/22222222-2222-4222-8222-222222222222/x", scope_denied},
      {"GET /agents/writer/agents/the%20painter/x", scope_denied},
      {"GET /agents/writer/v1/agents/the%20painter/x", scope_denied},
      {"POST /agents/the%20painter/run", work_denied},
      {"POST /api/agents/nobody/dispatch", work_denied},
  };
  for (const auto& [start, body] : rows) {
    const std::string answer = house.ask(start, key);
    EXPECT_EQ(status_of(answer), "HTTP/1.1 403 Forbidden") << start;
    EXPECT_EQ(body_of(answer), body) << start;
  }
  for (const char* field : {"X-Osaurus-Agent-Id: the painter\r\n", "x-osaurus-agent-id: nobody\r\n",
                            "X_Osaurus_Agent_Id: 22222222-2222-4222-8222-222222222222\r\n",
                            "X-Osaurus-Agent-Id: writer\r\nX-Osaurus-Agent-Id: the painter\r\n"}) {
    EXPECT_EQ(body_of(house.ask("GET /v1/models", key + field)), scope_denied) << field;
  }
  EXPECT_TRUE(all.heads().empty());
  EXPECT_EQ(house.refused(), std::vector<base::Code>(12, base::Code::agent_scope_denied));
  EXPECT_EQ(body_of(house.ask("GET /v1/models", key + "X-Osaurus-Agent-Id: writer\r\n")), "ok");
  EXPECT_EQ(
      body_of(house.ask("GET /v1/models", house.bearer() + "X-Osaurus-Agent-Id: the painter\r\n")),
      "ok");
}

TEST(Routing, AMasterKeyIsToldOfAnAgentThatIsNotThere) {
  Recorder all;
  House house(House::settings_for(all.url()));
  const std::string answer = house.ask("GET /agents/nobody/x", house.bearer());
  EXPECT_EQ(status_of(answer), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(body_of(answer),
            R"({"error":{"message":"There is no such agent.","type":"not_found_error",)"
            R"("code":"agent_not_found","hint":"See 'kronborg agent list'."}})");
}

TEST(Routing, AnAgentsUnusableUpstreamIsAnErrorOfItsOwn) {
  Recorder all;
  House house(House::settings_for(all.url()));
  house.set_upstream_of_writer("ftp://x");
  const std::string answer = house.ask("GET /agents/writer/x", house.bearer());
  EXPECT_EQ(status_of(answer), "HTTP/1.1 502 Bad Gateway");
  EXPECT_NE(body_of(answer).find(R"("type":"upstream_error","code":"upstream_unreachable")"),
            std::string::npos);
}

TEST(Routing, PathsOfKronborgAreNeverForwarded) {
  Recorder all;
  House house(House::settings_for(all.url()));
  for (const char* path :
       {"/pair", "/v1/pair/hello", "/secure/call", "/oresundspace/space", "/%6fauth/token",
        "/api/v1/agents", "/metrics", "/gate/other", "/.well-known/oauth-authorization-server"}) {
    const std::string answer = house.ask("POST " + std::string(path), house.bearer());
    EXPECT_EQ(status_of(answer), "HTTP/1.1 404 Not Found") << path;
    EXPECT_NE(body_of(answer).find(R"("code":"route_not_found","requestId":")"), std::string::npos)
        << path;
  }
  EXPECT_TRUE(all.heads().empty());
}

TEST(Settings, NameWhatIsWrong) {
  const auto code = [](Settings settings) {
    auto prepared = prepare(std::move(settings));
    return prepared ? std::string("fine") : std::string(prepared.error().text());
  };
  Settings twice = House::settings_for("http://a");
  House::add_rule(twice, "/", "http://b");
  EXPECT_EQ(code(std::move(twice)), "gate.upstream: the path \"\" has two upstreams.");
  Settings path;
  House::add_rule(path, "x/../y", "http://a");
  EXPECT_TRUE(code(std::move(path)).starts_with("gate.upstream.path: \"x/../y\""));
  Settings injected;
  House::add_rule(injected, "", "http://a", "Bearer x\r\nX-Y: z");
  EXPECT_EQ(code(std::move(injected)),
            "gate.upstream.authorization: it cannot be sent as a header.");
  Settings proxy = House::settings_for("http://a");
  proxy.trusted_proxies = {"10.0.0.0/8"};
  EXPECT_TRUE(code(std::move(proxy)).starts_with("http.trusted_proxies: \"10.0.0.0/8\""));
  Settings trust = House::settings_for("http://a");
  trust.trust_loopback = true;
  EXPECT_TRUE(code(std::move(trust)).starts_with("gate.trust_loopback"));
  EXPECT_EQ(code(House::settings_for("http://a:1/b")), "fine");
}

}  // namespace
}  // namespace kronborg::gate::test

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <fstream>
#include <iterator>

#include "api/fixture_test.h"
#include "api/metrics_credentials.h"
#include "api/routes.h"

namespace kronborg::api {
namespace {

class AccessTest : public ApiTest {};

TEST_F(AccessTest, NobodyButTheOwnerReachesTheManagementApi) {
  for (const Route& route : routes()) {
    if (!route.rule.owner_only()) continue;
    for (const bool with_credential : {false, true}) {
      Request request;
      request.method = method_name(route.method);
      request.path = route.path;
      request.credential_sent = with_credential;
      request.source_address = "192.0.2.1";
      request.request_id = "a-request";
      const auto answer = send(request);
      EXPECT_EQ(answer.status(), 403) << route.path;
      EXPECT_EQ(answer.code(), "owner_required") << route.path;
    }
    EXPECT_TRUE(
        place->router().quick(method_name(route.method), route.path, CallerKind::anonymous));
    EXPECT_FALSE(place->router().quick(method_name(route.method), route.path, CallerKind::owner));
  }
}

TEST_F(AccessTest, PathsOfThisServiceAreNeverForwarded) {
  for (const std::string_view path : {"/api/v1/agents",
                                      "/api/v1/nothing",
                                      "/oresundspace/space",
                                      "/oauth/token",
                                      "/.well-known/oauth-protected-resource",
                                      "/.well-known/oauth-authorization-server",
                                      "/.well-known/jwks.json",
                                      "/auth.md",
                                      "/openapi.json",
                                      "/healthz",
                                      "/readyz",
                                      "/space/x",
                                      "/join/x",
                                      "/link",
                                      "/enroll",
                                      "/.well-known/agent.json",
                                      "/docs/api",
                                      "/robots.txt",
                                      "/mcp",
                                      "/a2a"}) {
    EXPECT_TRUE(place->router().owns(path)) << path;
  }
  for (const std::string_view path :
       {"/", "/v1/models", "/api/chat", "/api/v2/x", "/mcp/x", "/metrics", "/healthz/",
        "/.well-known/agent", "/linked", "/auth.mdx", "/docs"}) {
    EXPECT_FALSE(place->router().owns(path)) << path;
  }
}

TEST_F(AccessTest, HealthSaysItsStateAndNothingElse) {
  EXPECT_EQ(stranger("GET", "/healthz").response.body, R"({"status":"ok"})");
  EXPECT_EQ(stranger("GET", "/readyz").response.body, R"({"status":"ready"})");
  for (const std::string_view state : {"starting", "draining", "store_unavailable"}) {
    place->not_ready = std::string(state);
    const auto answer = stranger("GET", "/readyz");
    EXPECT_EQ(answer.status(), 503);
    EXPECT_EQ(answer.text("status"), state);
    EXPECT_EQ(stranger("GET", "/healthz").status(), 200);
  }
  EXPECT_EQ(stranger("GET", "/healthz").field("RateLimit"), "");
}

TEST_F(AccessTest, MetricsNeedTheirOwnCredential) {
  EXPECT_EQ(get("/metrics").code(), "route_not_found");
  const auto made = post("/api/v1/credentials", R"({"kind":"metrics","label":"prometheus"})");
  const std::string credential = made.text("credential");
  EXPECT_TRUE(place->router().opens_metrics(credential));
  EXPECT_EQ(made.text("hint"), credential.substr(credential.size() - 4));
  std::string other = credential;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(place->router().opens_metrics(other));
  EXPECT_FALSE(place->router().opens_metrics(""));
  EXPECT_FALSE(place->router().opens_metrics(new_key("a key").text("key")));
  restart();
  EXPECT_TRUE(place->router().opens_metrics(credential)) << "a credential outlives the process";
  EXPECT_EQ(call("DELETE", "/api/v1/credentials/" + made.text("id")).status(), 200);
  EXPECT_FALSE(place->router().opens_metrics(credential));
}

// Made by another implementation of the rule: CRC-32 of zlib, base 62.
TEST(Credentials, CheckCharactersAreCrc32InBase62) {
  const std::string_view token = "osp_AKvsAq77ez2C5aJxTjXfDkUJmBTGvCOOjR65LxRZWsk1Dsy8E";
  EXPECT_TRUE(is_credential(token, "osp_"));
  EXPECT_FALSE(is_credential(token, "kbm_"));
  for (std::size_t i = 4; i < token.size(); ++i) {
    std::string changed(token);
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(is_credential(changed, "osp_")) << i;
  }
}

TEST_F(AccessTest, TheStoreHoldsNoCredential) {
  const auto metrics =
      post("/api/v1/credentials", R"({"kind":"metrics","label":"prometheus"})").text("credential");
  const auto key =
      post("/api/v1/access-keys", R"({"label":"a key"})", {{"idempotency-key", "once"}})
          .text("key");
  ASSERT_FALSE(metrics.empty());
  ASSERT_FALSE(key.empty());
  const auto copy = place->parts().data_folder / "copy.db";
  ASSERT_TRUE(place->parts().database.backup(copy.string()));
  std::ifstream file(copy, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_GT(bytes.size(), 4096U);
  EXPECT_NE(bytes.find("a key"), std::string::npos) << "the copy is the store";
  EXPECT_EQ(bytes.find(metrics), std::string::npos);
  EXPECT_EQ(bytes.find(key), std::string::npos);
  EXPECT_EQ(bytes.find(key.substr(key.size() - 130)), std::string::npos);
}

TEST_F(AccessTest, EventsAreTheAuditRows) {
  const std::int64_t before = place->router().newest_seq();
  new_agent("scribe");
  new_key("a key");
  EXPECT_TRUE(place->router().is_event_stream("GET", "/api/v1/events"));
  EXPECT_FALSE(place->router().is_event_stream("GET", "/api/v1/audit"));
  const auto events = place->router().events_after(before, 10);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[0].kind, "agent");
  EXPECT_EQ((*events)[1].kind, "key");
  EXPECT_EQ((*events)[1].seq, place->router().newest_seq());
  const auto stream =
      call("GET", "/api/v1/events", {}, {{"last-event-id", std::to_string(before + 1)}});
  EXPECT_EQ(stream.response.body, event_text((*events)[1]));
  EXPECT_EQ(stream.response.body.substr(0, stream.response.body.find('\n')),
            "id: " + std::to_string(before + 2));
  EXPECT_EQ(call("GET", "/api/v1/events", {}, {{"last-event-id", "x"}}).code(),
            "invalid_parameter");
}

}  // namespace
}  // namespace kronborg::api

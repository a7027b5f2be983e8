#include "doors/a2a_fixture_test.h"

// Expected shapes: docs/protocol/discovery.md section 10 and its example exchanges, and the objects
// of the A2A specification, versions 0.3 and 1.0.

namespace kronborg::doors {
namespace {

namespace json = boost::json;

constexpr std::string_view created_body = R"({
  "spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
  "ownerId":"d10e22f0-86ea-47f6-b086-e0a4f921198e",
  "ownerPrivateKey":"87a87e20e350874928e8b4bf3cbaeca6bc941390e2c47bc647383d136fd51f77",
  "keyId":"70b1ea89-d5ad-492c-8b04-1dd2675e43b2","name":"Plan the library move",
  "privacy":"private","requiresApproval":true,"requireVerified":false,
  "createdAt":"2026-11-02T09:01:00.030Z","unusedExpiresAt":"2026-11-09T09:01:00.030Z",
  "userLinked":false})";

class A2aExampleTest : public A2aTest {};

TEST_F(A2aExampleTest, PlainTextOpensASpaceIn0_3) {
  give("POST /oresundspace/space", created_body, 200,
       {{"RateLimit", "\"space-create\";r=28;t=190"}});
  const http::Answer answer = this->answer(post(R"({
    "jsonrpc": "2.0", "id": 1, "method": "message/send",
    "params": {"message": {"kind": "message",
      "messageId": "565f6634-6f65-4e03-84b8-44695c7e0f42", "role": "user",
      "parts": [{"kind": "text",
                 "text": "Plan the library move\nWho moves which shelf, and when?"}]}}})"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(field(answer.fields, "RateLimit"), "\"space-create\";r=28;t=190");
  EXPECT_EQ(
      json(answer.body),
      json(R"({
    "jsonrpc": "2.0", "id": 1,
    "result": {
      "kind": "task",
      "id": "9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "contextId": "9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "status": {
        "state": "working",
        "timestamp": "2026-11-02T09:01:00.030Z",
        "message": {
          "kind": "message",
          "messageId": "c142e5ce-446f-4f43-81a0-56208c0c3f44",
          "role": "agent",
          "taskId": "9a7d0b81-3b9b-4702-8600-119abd0f8a02",
          "contextId": "9a7d0b81-3b9b-4702-8600-119abd0f8a02",
          "parts": [
            {"kind": "text",
             "text": "Space created. Keep )"
           R"(ownerPrivateKey and send it as X-Private-Key. Invite )"
           R"(others and moderate with the REST API or MCP: https://kronborg.example/auth.md"},
            {"kind": "data",
             "data": {
               "spaceId": "9a7d0b81-3b9b-4702-8600-119abd0f8a02",
               "ownerId": "d10e22f0-86ea-47f6-b086-e0a4f921198e",
               "ownerPrivateKey": "87a87e20e350874928e8b4bf3cbaeca6bc941390e2c47bc647383d136fd51f77",
               "keyId": "70b1ea89-d5ad-492c-8b04-1dd2675e43b2"}}]}},
      "metadata": {"name": "Plan the library move", "privacy": "private",
                   "requiresApproval": true}}})"));
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_body(0), json(R"({"name": "Plan the library move",
                     "description": "Plan the library move\nWho moves which shelf, and when?"})"));
  EXPECT_EQ(asked_[0].source_address, "192.0.2.7");
}

TEST_F(A2aExampleTest, ATaskWithoutKeyIsChallengedWithTheMetadataOfThisDoor) {
  give("GET " + space(),
       R"({"error":"A space key is needed.","code":"key_missing",
           "requestId":"20262f45-6416-443a-8a6d-8c19ccd3df67","hint":"Create a space.",
           "next":{"skill":"https://kronborg.example/auth.md"}})",
       401,
       {{"WWW-Authenticate",
         "Bearer "
         "resource_metadata=\"https://kronborg.example/.well-known/oauth-protected-resource\""},
        {"Link", "<https://kronborg.example/auth.md>; rel=\"service-doc\""}});
  const http::Answer answer = this->answer(post(R"({"jsonrpc":"2.0","id":2,"method":"GetTask",
               "params":{"id":"9a7d0b81-3b9b-4702-8600-119abd0f8a02"}})",
                                                "1.0"));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(field(answer.fields, "WWW-Authenticate"),
            "Bearer resource_metadata="
            "\"https://kronborg.example/.well-known/oauth-protected-resource/a2a\"");
  EXPECT_NE(field(answer.fields, "Link"), "");
  EXPECT_EQ(json(answer.body), json(R"({
    "jsonrpc": "2.0", "id": 2,
    "error": {
      "code": -32000, "message": "A space key is needed.",
      "data": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "KEY_MISSING",
                "domain": "kronborg.example",
                "metadata": {"requestId": "20262f45-6416-443a-8a6d-8c19ccd3df67"}}]}})"));
}

TEST_F(A2aExampleTest, ATaskIn1_0) {
  give("GET " + space(), R"({
    "spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02","name":"Plan the library move",
    "description":"","privacy":"private","requiresApproval":true,
    "updatedAt":"2026-11-02T09:01:00.030Z","lastSeq":0,"artifacts":[]})");
  const http::Answer answer = this->answer(keyed(R"({"jsonrpc":"2.0","id":3,"method":"GetTask",
                "params":{"id":"9a7d0b81-3b9b-4702-8600-119abd0f8a02","historyLength":10}})",
                                                 "1.0"));
  EXPECT_EQ(json(answer.body), json(R"({
    "jsonrpc": "2.0", "id": 3,
    "result": {
      "id": "9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "contextId": "9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "status": {"state": "TASK_STATE_WORKING", "timestamp": "2026-11-02T09:01:00.030Z"},
      "artifacts": [], "history": [],
      "metadata": {"name": "Plan the library move", "privacy": "private",
                   "requiresApproval": true}}})"));
  ASSERT_EQ(asked_.size(), 1U);
  ASSERT_NE(asked_[0].private_key, nullptr);
  EXPECT_EQ(asked_[0].private_key->reveal(), task_key);
}

class A2aTransportTest : public A2aTest {};

TEST_F(A2aTransportTest, WhatIsNoRequestIsRefusedInTheFormOfJsonRpc) {
  EXPECT_EQ(code(post("{")), -32700);
  EXPECT_EQ(code(post("[]")), -32600);
  EXPECT_EQ(code(post(R"({"jsonrpc":"2.0","id":1})")), -32600);
  EXPECT_EQ(code(post(R"({"jsonrpc":"2.0","method":"tasks/get","params":{}})")), -32600);
  EXPECT_EQ(code(post(rpc("tasks/get", "[]"))), -32602);
  EXPECT_EQ(code(post(rpc("tasks/get", "{}"))), -32602);
  EXPECT_EQ(code(post(rpc("tasks/list", "{}"))), -32601);
  const http::Answer unreadable = answer(post("{"));
  EXPECT_EQ(unreadable.status, 200);
  EXPECT_TRUE(json(unreadable.body).at("id").is_null());
  EXPECT_TRUE(asked_.empty());
}

TEST_F(A2aTransportTest, OnlyJsonIsTakenAndOnlyByPost) {
  DoorRequest form = post("{}");
  form.fields = {{"content-type", "text/plain"}};
  EXPECT_EQ(answer(form).status, 415);
  EXPECT_EQ(code(form), -32005);
  DoorRequest get = post("");
  get.method = "GET";
  EXPECT_EQ(answer(get).status, 405);
  EXPECT_EQ(field(answer(get).fields, "Allow"), "POST, OPTIONS");
}

TEST_F(A2aTransportTest, TheVersionDecidesWhichNamesExist) {
  const std::string get_0_3 = rpc("agent/getAuthenticatedExtendedCard", "{}");
  const std::string get_1_0 = rpc("GetExtendedAgentCard", "{}");
  EXPECT_EQ(code(post(get_0_3)), -32007);
  EXPECT_EQ(code(post(get_0_3, "0.3")), -32007);
  EXPECT_EQ(code(post(get_0_3, "1.0")), -32601);
  EXPECT_EQ(code(post(get_1_0, "1.0")), -32004);
  EXPECT_EQ(code(post(get_1_0)), -32601);
  EXPECT_EQ(code(post(get_1_0, "2.0")), -32009);
  EXPECT_EQ(code(post(get_1_0, "0.2")), -32009);
  DoorRequest in_query = post(get_1_0);
  in_query.query = "x=1&A2A-Version=1.0";
  EXPECT_EQ(code(in_query), -32004);
}

TEST_F(A2aTransportTest, PushNotificationsAreNotOffered) {
  for (const std::string_view name : {"set", "get", "list", "delete"}) {
    EXPECT_EQ(code(post(rpc("tasks/pushNotificationConfig/" + std::string(name), "{}"))), -32003);
  }
  for (const std::string_view name :
       {"CreateTaskPushNotificationConfig", "GetTaskPushNotificationConfig",
        "ListTaskPushNotificationConfigs", "DeleteTaskPushNotificationConfig"}) {
    EXPECT_EQ(code(post(rpc(name, "{}"), "1.0")), -32003);
  }
  EXPECT_EQ(code(post(rpc("message/send", R"({"message":{"messageId":"m","parts":[
      {"kind":"text","text":"a"}]},"configuration":{"pushNotificationConfig":{"url":"https://a"}}})"))),
            -32003);
}

TEST_F(A2aTransportTest, WhatAsksNothingOfRestIsCountedBySource) {
  const http::Answer answer = this->answer(post("{"));
  EXPECT_EQ(tokens_taken_, 1);
  EXPECT_EQ(field(answer.fields, "RateLimit"), "\"source\";r=1199;t=1");
  source_.refused = base::Error(base::Code::rate_limited)
                        .with({.name = "policies", .value = std::vector<std::string>{"source"}})
                        .with({.name = "retryAfter", .value = std::int64_t{3}});
  const http::Answer limited = this->answer(post("{"));
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(field(limited.fields, "Retry-After"), "3");
  EXPECT_EQ(json(limited.body).at("error").at("code"), -32000);
}

TEST_F(A2aTransportTest, WhatFailsBeforeTheDoorIsAnsweredInItsForm) {
  const http::Answer answer = door_.refusal(base::Code::origin_not_allowed, "/a2a", "some-request");
  EXPECT_EQ(answer.status, 403);
  const json::value body = json(answer.body);
  EXPECT_TRUE(body.at("id").is_null());
  EXPECT_EQ(body.at("error").at("data").at(0).at("reason"), "ORIGIN_NOT_ALLOWED");
}

class A2aErrorTest : public A2aTest {
 protected:
  /// The answer to tasks/get when the space answers this.
  http::Answer refused(int status, std::string_view body,
                       std::vector<std::pair<std::string, std::string>> fields = {}) {
    give("GET " + space(), body, status, std::move(fields));
    return answer(keyed(rpc("tasks/get", R"({"id":")" + std::string(task_id) + "\"}")));
  }
};

TEST_F(A2aErrorTest, AForeignTaskLooksLikeOneThatIsNot) {
  const http::Answer foreign = refused(
      403,
      R"({"error":"This key belongs to another space.","code":"wrong_space","requestId":"r"})");
  EXPECT_EQ(foreign.status, 200);
  EXPECT_EQ(json(foreign.body).at("error").at("code"), -32001);
  give("GET /oresundspace/space/00000000-0000-0000-0000-000000000000",
       R"({"error":"This key belongs to another space.","code":"wrong_space","requestId":"r"})",
       403);
  const http::Answer no_id = answer(keyed(rpc("tasks/get", R"({"id":"Task 7/../x"})")));
  EXPECT_EQ(no_id.body, foreign.body);
}

TEST_F(A2aErrorTest, RightsAreAnsweredAsServerErrorsWithTheirDetails) {
  const http::Answer answer =
      refused(403, R"({"error":"This key may not do that.","code":"role_forbidden","requestId":"r",
               "hint":"h","keyType":"invitation","needs":["owner","participant"]})");
  EXPECT_EQ(answer.status, 200);
  const json::value error = json(answer.body).at("error");
  EXPECT_EQ(error.at("code"), -32000);
  EXPECT_EQ(error.at("data").at(0).at("reason"), "ROLE_FORBIDDEN");
  EXPECT_EQ(error.at("data").at(0).at("metadata"),
            json(R"({"requestId":"20262f45-6416-443a-8a6d-8c19ccd3df67","keyType":"invitation",
                     "needs":"owner,participant"})"));
}

TEST_F(A2aErrorTest, LimitsAndFailuresKeepTheirStatusAndRetryAfter) {
  const http::Answer limited = refused(429,
                                       R"({"error":"Too many requests.","code":"rate_limited",
                 "requestId":"r","policies":["reads"],"retryAfter":7})",
                                       {{"Retry-After", "7"}, {"ETag", "\"x\""}});
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(tokens_taken_, 0);
  EXPECT_EQ(field(limited.fields, "Retry-After"), "7");
  EXPECT_EQ(field(limited.fields, "ETag"), "");
  EXPECT_EQ(json(limited.body).at("error").at("code"), -32000);
  EXPECT_EQ(json(limited.body).at("error").at("data").at(0).at("metadata").at("retryAfter"), "7");
  EXPECT_EQ(refused(503, R"({"error":"x","code":"store_unavailable","requestId":"r"})").status,
            503);
}

}  // namespace
}  // namespace kronborg::doors

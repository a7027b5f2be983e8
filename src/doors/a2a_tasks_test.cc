#include "doors/a2a_fixture_test.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

class A2aTaskTest : public A2aTest {
 protected:
  A2aTaskTest() {
    give("GET " + space(), space_body);
    give("GET " + space("/messages"), messages_body);
    give("GET " + space("/artifacts/aa551695-19a5-4e8a-8e4f-7e6f56ee7e79"), artifact_body);
  }
  static std::string get(std::string_view more = {}) {
    return R"({"id":")" + std::string(task_id) + '"' + std::string(more) + '}';
  }
};

TEST_F(A2aTaskTest, ATaskIn0_3HasItsMessagesAndDocuments) {
  EXPECT_EQ(result(keyed(rpc("tasks/get", get()))), json(R"({
    "kind":"task","id":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
    "contextId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
    "status":{"state":"working","timestamp":"2026-11-02T09:02:10.500Z"},
    "artifacts":[{"artifactId":"aa551695-19a5-4e8a-8e4f-7e6f56ee7e79","name":"agreement.md",
      "parts":[{"kind":"text","text":"# Terms"}],
      "metadata":{"revision":3,"sha256":"35acaeb6","mediaType":"text/markdown"}}],
    "history":[
      {"kind":"message","messageId":"3e2c9324-39f4-4f5c-ba33-905ad558b99d","role":"user",
       "taskId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
       "contextId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
       "parts":[{"kind":"text","text":"Who takes shelf 4?"}],
       "metadata":{"seq":1,"timestamp":"2026-11-02T09:02:00.020Z","type":"text",
         "sender":{"participantId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","name":"owner",
           "keyType":"owner","verified":false}}},
      {"kind":"message","messageId":"263049a3-a562-41b8-942d-ba94aa5fa202","role":"agent",
       "taskId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
       "contextId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
       "parts":[{"kind":"file","file":{"mimeType":"image/png","bytes":"iVBORw0KGgo="}}],
       "metadata":{"seq":2,"timestamp":"2026-11-02T09:02:10.500Z","type":"image",
         "sender":{"participantId":"d9741469-9628-4f1a-ae09-bc1b8921cec8","name":"helper",
           "keyType":"participant","verified":true,
           "address":"0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6"}}}],
    "metadata":{"name":"Plan the library move","privacy":"private","requiresApproval":true}})"));
}

TEST_F(A2aTaskTest, ATaskIn1_0HasPartsWithoutKind) {
  const json::value task = result(keyed(rpc("GetTask", get()), "1.0"));
  EXPECT_FALSE(task.as_object().contains("kind"));
  EXPECT_EQ(task.at("artifacts").at(0).at("parts"), json(R"([{"text":"# Terms"}])"));
  EXPECT_EQ(task.at("history").at(0).at("role"), "ROLE_USER");
  EXPECT_EQ(task.at("history").at(0).at("parts"), json(R"([{"text":"Who takes shelf 4?"}])"));
  EXPECT_EQ(task.at("history").at(1).at("role"), "ROLE_AGENT");
  EXPECT_EQ(task.at("history").at(1).at("parts"),
            json(R"([{"raw":"iVBORw0KGgo=","mediaType":"image/png"}])"));
  EXPECT_FALSE(task.at("history").at(0).as_object().contains("kind"));
}

TEST_F(A2aTaskTest, TheHistoryIsTheLast20MessagesAndAtMost100) {
  for (const auto& [more, query] :
       {std::pair{"", "tail=20"}, std::pair{R"(,"historyLength":3)", "tail=3"},
        std::pair{R"(,"historyLength":1000)", "tail=100"}}) {
    asked_.clear();
    (void)answer(keyed(rpc("tasks/get", get(more))));
    EXPECT_EQ(asked_.at(1).query, query);
  }
  const json::value task = result(keyed(rpc("tasks/get", get(R"(,"historyLength":0)"))));
  EXPECT_EQ(task.at("history"), json("[]"));
  EXPECT_EQ(code(keyed(rpc("tasks/get", get(R"(,"historyLength":-1)")))), -32602);
  EXPECT_EQ(code(keyed(rpc("tasks/get", get(R"(,"historyLength":"3")")))), -32602);
}

TEST_F(A2aTaskTest, OneRequestToTheDoorIsCountedOnce) {
  (void)answer(keyed(rpc("tasks/get", get())));
  ASSERT_EQ(asked_.size(), 3U);
  EXPECT_FALSE(asked_[0].resumed);
  EXPECT_TRUE(asked_[1].resumed);
  EXPECT_TRUE(asked_[2].resumed);
}

TEST_F(A2aTaskTest, ADocumentThatIsGoneIsLeftOutAndOneTooLargeHasNoContent) {
  const std::string document = "GET " + space("/artifacts/aa551695-19a5-4e8a-8e4f-7e6f56ee7e79");
  give(document, R"({"error":"x","code":"not_found","requestId":"r","object":"artifact"})", 404);
  EXPECT_EQ(result(keyed(rpc("tasks/get", get()))).at("artifacts"), json("[]"));
  std::string large(space_body);
  large.replace(large.find("\"size\":7"), 8, "\"size\":9000000");
  give("GET " + space(), large);
  EXPECT_EQ(result(keyed(rpc("tasks/get", get()))).at("artifacts").at(0).at("parts"),
            json(R"([{"kind":"text","text":"","metadata":{"contentOmitted":true}}])"));
}

TEST_F(A2aTaskTest, TheListHasTheOneTaskOfTheKey) {
  give("GET /oresundspace/whoami",
       R"({"credentialType":"space_key","keyType":"owner",
           "spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02"})");
  const json::value list = result(keyed(rpc("ListTasks", "{}"), "1.0"));
  EXPECT_EQ(list.at("tasks").as_array().size(), 1U);
  EXPECT_EQ(list.at("tasks").at(0).at("id").as_string(), task_id);
  EXPECT_FALSE(list.at("tasks").at(0).as_object().contains("artifacts"));
  EXPECT_EQ(list.at("totalSize"), 1);
  EXPECT_EQ(list.at("pageSize"), 50);
  EXPECT_EQ(list.at("nextPageToken"), "");
  for (const std::string_view none : {R"({"contextId":"76fb7f28-6b6a-4bcf-961a-b9723ef27b32"})",
                                      R"({"status":"TASK_STATE_COMPLETED"})",
                                      R"({"statusTimestampAfter":"2026-11-02T09:02:10.501Z"})"}) {
    EXPECT_EQ(result(keyed(rpc("ListTasks", none), "1.0")).at("totalSize"), 0) << none;
  }
  EXPECT_EQ(result(keyed(rpc("ListTasks", R"({"statusTimestampAfter":"2026-11-02T09:02:10.500Z"})"),
                         "1.0"))
                .at("totalSize"),
            1);
  EXPECT_EQ(code(keyed(rpc("ListTasks", R"({"pageSize":0})"), "1.0")), -32602);
  EXPECT_EQ(code(keyed(rpc("ListTasks", R"({"pageToken":"x"})"), "1.0")), -32602);
}

TEST_F(A2aTaskTest, CancellingClosesTheSpace) {
  give("DELETE " + space(), R"({"spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "status":"closed","closedAt":"2026-11-02T09:06:40.060Z",
      "contentErasedAt":"2026-12-02T09:06:40.060Z"})");
  EXPECT_EQ(result(keyed(rpc("tasks/cancel", get()))), json(R"({
      "kind":"task","id":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "contextId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "status":{"state":"canceled","timestamp":"2026-11-02T09:06:40.060Z"}})"));
  EXPECT_EQ(result(keyed(rpc("CancelTask", get()), "1.0")).at("status").at("state"),
            "TASK_STATE_CANCELED");
  give("DELETE " + space(),
       R"({"error":"x","code":"role_forbidden","requestId":"r","keyType":"participant",
           "needs":["owner"]})",
       403);
  EXPECT_EQ(code(keyed(rpc("tasks/cancel", get()))), -32002);
}

}  // namespace
}  // namespace kronborg::doors

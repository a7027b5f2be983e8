#include "doors/a2a_fixture_test.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;
using spaces::Notice;
using spaces::NoticeKind;

constexpr std::string_view document_id = "aa551695-19a5-4e8a-8e4f-7e6f56ee7e79";

class A2aStreamTest : public A2aTest {
 protected:
  A2aStreamTest() {
    give("GET " + space(), space_body);
    give("GET " + space("/messages"), messages_body);
    give("GET " + space("/artifacts/aa551695-19a5-4e8a-8e4f-7e6f56ee7e79"), artifact_body);
  }
  std::unique_ptr<A2aStream> subscribed(std::string_view method, std::string_view version) {
    auto reply =
        door_.answer(keyed(rpc(method, R"({"id":")" + std::string(task_id) + "\"}"), version));
    EXPECT_NE(reply.stream, nullptr);
    return std::move(reply.stream);
  }
  /// The result in the one event that the text is.
  static json::value event(std::string_view text) {
    EXPECT_TRUE(text.starts_with("data: ") && text.ends_with("\n\n")) << text;
    if (text.size() < 8) return {};
    const json::value body = json(text.substr(6, text.size() - 8));
    EXPECT_EQ(body.at("jsonrpc"), "2.0");
    EXPECT_EQ(body.at("id"), 1);
    return body.at("result");
  }
  static Notice said(std::int64_t seq, std::string_view by) {
    return {.kind = NoticeKind::message,
            .seq = seq,
            .data = R"({"id":"0b164e96-98ff-4089-964c-95507f9891c5","seq":)" + std::to_string(seq) +
                    R"(,"timestamp":"2026-11-02T09:03:00.000Z","type":"text","content":"Shelf 4.",)"
                    R"("sender":{"participantId":")" +
                    std::string(by) + R"(","name":"n","keyType":"participant","verified":false}})",
            .browser_data = {},
            .ended_key_id = {},
            .artifact_id = {}};
  }
  static Notice wrote(std::int64_t revision) {
    return {.kind = NoticeKind::artifact,
            .data = R"({"action":"updated","artifact":{"artifactId":")" + std::string(document_id) +
                    R"(","name":"agreement.md","mediaType":"text/markdown","revision":)" +
                    std::to_string(revision) + R"(,"sha256":"99","size":9}})",
            .browser_data = {},
            .ended_key_id = {},
            .artifact_id = std::string(document_id)};
  }
  static Notice ended(std::string_view code, std::string_view reason) {
    return {.kind = NoticeKind::key_ended,
            .data = R"({"code":")" + std::string(code) + R"(","reason":")" + std::string(reason) +
                    R"(","keyId":"70b1ea89-d5ad-492c-8b04-1dd2675e43b2"})",
            .browser_data = {},
            .ended_key_id = {},
            .artifact_id = {}};
  }
};

TEST_F(A2aStreamTest, TheStreamIsOpenedWithTheKeyOfTheRequest) {
  const auto stream = subscribed("tasks/resubscribe", "0.3");
  EXPECT_TRUE(asked_.empty());
  const api::Request opening = stream->opening();
  EXPECT_EQ(opening.method, "GET");
  EXPECT_EQ(opening.path, space("/messages/stream"));
  EXPECT_EQ(opening.private_key->reveal(), task_key);
  const http::Answer refused = stream->refused(
      {.status = 429,
       .body = R"({"error":"x","code":"too_many_streams","requestId":"r","limit":"key"})",
       .fields = {}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json(refused.body).at("error").at("data").at(0).at("reason"), "TOO_MANY_STREAMS");
}

TEST_F(A2aStreamTest, ItBeginsWithTheTask) {
  const json::value task = event(*subscribed("tasks/resubscribe", "0.3")->first());
  EXPECT_EQ(task.at("kind"), "task");
  EXPECT_EQ(task.at("history").as_array().size(), 2U);
  EXPECT_EQ(task.at("artifacts").as_array().size(), 1U);
  const json::value newer = event(*subscribed("SubscribeToTask", "1.0")->first());
  EXPECT_EQ(newer.at("task").at("id").as_string(), task_id);
  for (const auto& request : asked_) EXPECT_TRUE(request.resumed) << request.path;
}

TEST_F(A2aStreamTest, AMessageIsAStatusUpdateOnce) {
  const auto stream = subscribed("tasks/resubscribe", "0.3");
  ASSERT_TRUE(stream->first());
  EXPECT_EQ(stream->next(said(2, owner_id)).text, "") << "it stood in the task already";
  const json::value update = event(stream->next(said(3, owner_id)).text);
  EXPECT_EQ(update, json(R"({"kind":"status-update",
    "taskId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
    "contextId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
    "status":{"state":"working","timestamp":"2026-11-02T09:03:00.000Z",
      "message":{"kind":"message","messageId":"0b164e96-98ff-4089-964c-95507f9891c5","role":"user",
        "taskId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
        "contextId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
        "parts":[{"kind":"text","text":"Shelf 4."}],
        "metadata":{"seq":3,"timestamp":"2026-11-02T09:03:00.000Z","type":"text",
          "sender":{"participantId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","name":"n",
            "keyType":"participant","verified":false}}}},
    "final":false})"));
  EXPECT_EQ(stream->next(said(3, owner_id)).text, "");
  EXPECT_EQ(stream->next(said(0, owner_id)).text, "") << "a redaction is no new message";
}

TEST_F(A2aStreamTest, In1_0AnUpdateHasNeitherKindNorFinal) {
  const auto stream = subscribed("SubscribeToTask", "1.0");
  ASSERT_TRUE(stream->first());
  const json::value update =
      event(stream->next(said(3, "d9741469-9628-4f1a-ae09-bc1b8921cec8")).text).at("statusUpdate");
  EXPECT_EQ(update.at("status").at("state"), "TASK_STATE_WORKING");
  EXPECT_EQ(update.at("status").at("message").at("role"), "ROLE_AGENT");
  EXPECT_FALSE(update.as_object().contains("kind"));
  EXPECT_FALSE(update.as_object().contains("final"));
}

TEST_F(A2aStreamTest, ARevisionIsFetchedAndToldOnce) {
  const auto stream = subscribed("tasks/resubscribe", "0.3");
  ASSERT_TRUE(stream->first());
  EXPECT_FALSE(stream->next(wrote(3)).fetch) << "it stood in the task already";
  const auto step = stream->next(wrote(4));
  ASSERT_TRUE(step.fetch);
  EXPECT_EQ(step.text, "");
  EXPECT_EQ(step.fetch->request.path,
            space("/artifacts/aa551695-19a5-4e8a-8e4f-7e6f56ee7e79/revisions/4"));
  EXPECT_TRUE(step.fetch->request.resumed);
  EXPECT_EQ(step.fetch->request.private_key->reveal(), task_key);
  const http::Answer rest{.body = R"({"revision":4,"sha256":"99","content":"# Terms 2"})",
                          .fields = {}};
  EXPECT_EQ(event(stream->fetched(*step.fetch, rest)), json(R"({"kind":"artifact-update",
    "taskId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
    "contextId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
    "artifact":{"artifactId":"aa551695-19a5-4e8a-8e4f-7e6f56ee7e79","name":"agreement.md",
      "parts":[{"kind":"text","text":"# Terms 2"}],
      "metadata":{"revision":4,"sha256":"99","mediaType":"text/markdown"}},
    "append":false,"lastChunk":true})"));
  EXPECT_EQ(stream->fetched(*step.fetch, {.status = 410, .body = "{}", .fields = {}}), "");
  EXPECT_FALSE(stream->next(wrote(4)).fetch);
  Notice locked = wrote(4);
  locked.artifact_id.clear();
  EXPECT_FALSE(stream->next(locked).fetch);
  EXPECT_EQ(stream->next(locked).text, "");
}

TEST_F(A2aStreamTest, TheLastEventSaysHowItEnded) {
  for (const auto& [code, reason, state] : {std::tuple{"space_closed", "closed", "canceled"},
                                            std::tuple{"space_closed", "ttl", "completed"},
                                            std::tuple{"space_closed", "operator", "failed"},
                                            std::tuple{"key_revoked", "kicked", "working"}}) {
    const auto stream = subscribed("tasks/resubscribe", "0.3");
    const auto step = stream->next(ended(code, reason));
    EXPECT_TRUE(step.ends);
    const json::value last = event(step.text);
    EXPECT_EQ(last.at("final"), true);
    EXPECT_EQ(last.at("status").at("state"), state) << reason;
    EXPECT_EQ(last.at("status").at("timestamp"), "2026-11-02T09:06:40.060Z");
    EXPECT_EQ(last.at("metadata").at("reason"), reason);
  }
  const json::value newer =
      event(subscribed("SubscribeToTask", "1.0")->next(ended("space_closed", "ttl")).text);
  EXPECT_EQ(newer.at("statusUpdate").at("status").at("state"), "TASK_STATE_COMPLETED");
}

TEST_F(A2aStreamTest, ANewSpaceIsStreamedWithItsNewKey) {
  give("POST /oresundspace/space", R"({"spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
    "ownerId":"d10e22f0-86ea-47f6-b086-e0a4f921198e",
    "ownerPrivateKey":"87a87e20e350874928e8b4bf3cbaeca6bc941390e2c47bc647383d136fd51f77",
    "keyId":"70b1ea89-d5ad-492c-8b04-1dd2675e43b2","name":"A","privacy":"private",
    "requiresApproval":true,"createdAt":"2026-11-02T09:01:00.030Z"})");
  auto reply =
      door_.answer(post(rpc("message/stream", message(R"([{"kind":"text","text":"A"}])"))));
  ASSERT_NE(reply.stream, nullptr);
  EXPECT_EQ(reply.stream->opening().private_key->reveal(), task_key);
  // Its key is shown nowhere else, so it is answered even where no stream can be had.
  const http::Answer refused = reply.stream->refused({.status = 429, .body = "{}", .fields = {}});
  EXPECT_EQ(refused.status, 200);
  EXPECT_EQ(refused.content_type, "text/event-stream; charset=utf-8");
  const std::string first = *reply.stream->first();
  EXPECT_EQ(refused.body, first);
  EXPECT_EQ(event(first)
                .at("status")
                .at("message")
                .at("parts")
                .at(1)
                .at("data")
                .at("ownerPrivateKey")
                .as_string(),
            task_key);
  EXPECT_EQ(event(reply.stream->next(said(1, owner_id)).text).at("status").at("message").at("role"),
            "user");
}

TEST_F(A2aStreamTest, AMessageIsSentBeforeTheStreamBegins) {
  give("POST " + space("/messages") + " sendMessages", R"({"messages":[]})");
  auto reply = door_.answer(
      keyed(rpc("SendStreamingMessage", message(R"([{"text":"A"}])", in_task())), "1.0"));
  ASSERT_NE(reply.stream, nullptr);
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].operation, "sendMessages");
  EXPECT_EQ(event(*reply.stream->first()).at("task").at("id").as_string(), task_id);
}

TEST_F(A2aStreamTest, WhatIsRefusedIsAnsweredWithoutStream) {
  give("POST " + space("/messages") + " sendMessages",
       R"({"error":"x","code":"muted","requestId":"r"})", 403);
  const auto reply = door_.answer(
      keyed(rpc("message/stream", message(R"([{"kind":"text","text":"A"}])", in_task()))));
  EXPECT_EQ(reply.stream, nullptr);
  EXPECT_EQ(json(reply.answer.body).at("error").at("code"), -32000);
  give("GET " + space(), R"({"error":"x","code":"key_unknown","requestId":"r"})", 401,
       {{"WWW-Authenticate", "Bearer resource_metadata=\"https://kronborg.example/x\""}});
  const auto first = subscribed("tasks/resubscribe", "0.3")->first();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().status, 401);
}

}  // namespace
}  // namespace kronborg::doors

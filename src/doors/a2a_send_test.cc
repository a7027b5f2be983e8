#include "doors/a2a_fixture_test.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

constexpr std::string_view sent_body = R"({"messages":[
  {"id":"0b164e96-98ff-4089-964c-95507f9891c5","seq":3,"timestamp":"2026-11-02T09:03:00.000Z",
   "type":"text","sender":{"participantId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","name":"owner",
     "keyType":"owner","verified":false}}]})";

class A2aSendTest : public A2aTest {
 protected:
  A2aSendTest() {
    give("POST " + space("/messages") + " sendMessages", sent_body, 200,
         {{"RateLimit", "\"messages\";r=119;t=1"}});
    give("GET " + space(), space_body);
    give("GET " + space("/messages"), messages_body);
  }
  json::value sent() const { return asked_body(0).at("messages"); }
};

TEST_F(A2aSendTest, EachPartIsAMessageAndTheAnswerIsTheTask) {
  const http::Answer answer = this->answer(keyed(rpc("message/send", message(R"([
        {"kind":"text","text":"Here is the plan."},
        {"kind":"data","data":{"shelf":4,"by":["a","b"]}},
        {"kind":"file","file":{"mimeType":"image/png","bytes":"iVBORw0KGgo="}},
        {"kind":"file","file":{"uri":"https://kronborg.example/plan.png"}}])",
                                                                             in_task()))));
  EXPECT_EQ(sent(), json(R"([
    {"type":"text","content":"Here is the plan."},
    {"type":"text","content":"{\"shelf\":4,\"by\":[\"a\",\"b\"]}"},
    {"type":"image","content":"data:image/png;base64,iVBORw0KGgo="},
    {"type":"image","content":"https://kronborg.example/plan.png"}])"));
  EXPECT_EQ(asked_[0].operation, "sendMessages");
  EXPECT_EQ(field(asked_[0].fields, "idempotency-key"), "m-1");
  EXPECT_FALSE(asked_[0].resumed);
  EXPECT_EQ(field(answer.fields, "RateLimit"), "\"messages\";r=119;t=1");
  const json::value task = json(answer.body).at("result");
  EXPECT_EQ(task.at("kind"), "task");
  EXPECT_EQ(task.at("history").as_array().size(), 2U);
}

TEST_F(A2aSendTest, In1_0TheResultSaysThatItIsATask) {
  const json::value result = this->result(
      keyed(rpc("SendMessage",
                message(R"([{"text":"a"},{"data":[1]},{"raw":"R0lGODlh","mediaType":"image/GIF"},
           {"url":"https://kronborg.example/x.webp","mediaType":"image/webp"}])",
                        in_task())),
            "1.0"));
  EXPECT_EQ(sent(), json(R"([{"type":"text","content":"a"},{"type":"text","content":"[1]"},
    {"type":"image","content":"data:image/gif;base64,R0lGODlh"},
    {"type":"image","content":"https://kronborg.example/x.webp"}])"));
  EXPECT_EQ(result.at("task").at("status").at("state"), "TASK_STATE_WORKING");
}

TEST_F(A2aSendTest, TheContextAloneNamesTheTask) {
  (void)result(keyed(
      rpc("message/send", message(R"([{"kind":"text","text":"a"}])",
                                  R"(,"contextId":"9A7D0B81-3B9B-4702-8600-119ABD0F8A02")"))));
  EXPECT_EQ(asked_[0].path, space("/messages"));
  EXPECT_EQ(code(keyed(rpc("message/send", message(R"([{"kind":"text","text":"a"}])",
                                                   in_task() + R"(,"contextId":"other")")))),
            -32602);
}

TEST_F(A2aSendTest, WhatHasBeenSentIsAnsweredEvenWhenTheTaskCannotBeReadAnyMore) {
  give("GET " + space(), R"({"error":"x","code":"key_revoked","requestId":"r"})", 401);
  const json::value task =
      result(keyed(rpc("message/send", message(R"([{"kind":"text","text":"a"}])", in_task()))));
  EXPECT_EQ(task.at("status"),
            json(R"({"state":"working","timestamp":"2026-11-02T09:03:00.000Z"})"));
}

TEST_F(A2aSendTest, OtherPartsAreNotTaken) {
  for (const std::string_view part :
       {R"({"kind":"file","file":{"mimeType":"application/pdf","bytes":"JVBERi0="}})",
        R"({"kind":"file","file":{"bytes":"JVBERi0="}})",
        R"({"kind":"file","file":{"mimeType":"text/csv","uri":"https://kronborg.example/a.csv"}})",
        R"({"kind":"video","text":"a"})"}) {
    EXPECT_EQ(code(keyed(rpc("message/send", message("[" + std::string(part) + "]", in_task())))),
              -32005)
        << part;
  }
  for (const std::string_view parts :
       {"[]", "7", R"(["a"])", R"([{"kind":"text"}])", R"([{"text":"a"}])", R"([{"kind":"data"}])",
        R"([{"kind":"file"}])", R"([{"kind":"file","file":{}}])"}) {
    EXPECT_EQ(code(keyed(rpc("message/send", message(parts, in_task())))), -32602) << parts;
  }
  for (const std::string_view parts :
       {R"([{}])", R"([{"text":"a","data":1}])", R"([{"kind":"text"}])"}) {
    EXPECT_EQ(code(keyed(rpc("SendMessage", message(parts, in_task())), "1.0")), -32602) << parts;
  }
  EXPECT_TRUE(asked_.empty());
}

TEST_F(A2aSendTest, TheMessageIdIsTheIdempotencyKeyAndMustHaveItsForm) {
  const auto with_id = [](std::string_view id) {
    return rpc("message/send", R"({"message":{"messageId":)" + std::string(id) +
                                   R"(,"parts":[{"kind":"text","text":"a"}],"taskId":")" +
                                   std::string(task_id) + "\"}}");
  };
  for (const std::string& id :
       {std::string(R"("")"), std::string(R"("a\nb")"), std::string(R"("ä")"), std::string("7"),
        std::string("null"), '"' + std::string(256, 'a') + '"'}) {
    EXPECT_EQ(code(keyed(with_id(id))), -32602) << id;
  }
  ASSERT_TRUE(asked_.empty());
  (void)answer(keyed(with_id('"' + std::string(255, 'a') + '"')));
  EXPECT_EQ(field(asked_.at(0).fields, "idempotency-key"), std::string(255, 'a'));
  asked_.clear();
  (void)answer(keyed(with_id(R"("say \"hi\"")")));
  EXPECT_EQ(field(asked_.at(0).fields, "idempotency-key"), R"("say \"hi\"")");
}

constexpr std::string_view created_for = R"({
  "spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
  "ownerId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","ownerPrivateKey":"87a8","keyId":"70b1ea89",
  "name":"Licence","privacy":"private","requiresApproval":true,
  "createdAt":"2026-11-02T09:01:00.030Z","userLinked":false,
  "invitation":{"invitationId":"5f0c","publicInvitationKey":"ab12","maxUses":5},
  "artifact":{"artifactId":"aa551695-19a5-4e8a-8e4f-7e6f56ee7e79","name":"agreement.md",
    "mediaType":"text/markdown","revision":1,"sha256":"77","size":3},
  "warnings":[{"code":"unknown_member","pointer":"/colour","message":"m"}]})";

class A2aCreateTest : public A2aTest {
 protected:
  A2aCreateTest() {
    give("POST /oresundspace/space", created_for);
    give("POST /oresundspace/space createSpaceFor", created_for);
  }
  static std::string create(std::string_view data) {
    return rpc("SendMessage", message(R"([{"data":)" + std::string(data) + "}]"));
  }
};

TEST_F(A2aCreateTest, ANegotiationComesWithAnInvitationAndAnAgreement) {
  const json::value task =
      result(post(create(R"({"skill":"space.negotiate","name":"Licence","colour":"red"})"), "1.0"))
          .at("task");
  EXPECT_EQ(asked_.at(0).operation, "createSpaceFor");
  json::object body = asked_body(0).as_object();
  const std::string content(body.at("artifact").at("content").as_string());
  EXPECT_EQ(body.at("artifact").at("name"), "agreement.md");
  body.erase("artifact");
  EXPECT_EQ(json::value(body), json(R"({"name":"Licence","colour":"red","requiresApproval":true,
      "privacy":"private","invitation":{"expiresIn":86400,"maxUses":5}})"));
  EXPECT_EQ(field(asked_[0].fields, "idempotency-key"), "");
  EXPECT_EQ(task.at("status").at("message").at("parts").at(1), json(R"({"data":{
      "spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02",
      "ownerId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","ownerPrivateKey":"87a8",
      "keyId":"70b1ea89",
      "invitation":{"invitationId":"5f0c","publicInvitationKey":"ab12","maxUses":5}}})"));
  EXPECT_EQ(task.at("artifacts").at(0).at("parts").at(0).at("text").as_string(), content);
  EXPECT_EQ(task.at("metadata").at("warnings").at(0).at("pointer"), "/colour");
}

TEST_F(A2aCreateTest, AnIncidentEndsAfterSevenDaysUnlessSaidOtherwise) {
  (void)result(post(create(R"({"skill":"space.incident","name":"Deployment"})"), "1.0"));
  json::object body = asked_body(0).as_object();
  EXPECT_EQ(body.at("artifact").at("name"), "incident-log.md");
  body.erase("artifact");
  EXPECT_EQ(json::value(body), json(R"({"name":"Deployment","ttl":604800,"privacy":"private",
      "invitation":{"expiresIn":86400,"maxUses":20}})"));
  (void)result(post(create(R"({"skill":"space.incident","name":"D","ttl":60})"), "1.0"));
  EXPECT_EQ(asked_body(1).at("ttl"), 60);
}

TEST_F(A2aCreateTest, AnotherSpaceIsMadeAsOverRest) {
  (void)result(post(create(R"({"skill":"space.create","name":"A","privacy":"public"})"), "1.0"));
  (void)result(post(create(R"({"name":"B"})"), "1.0"));
  EXPECT_EQ(asked_.at(0).operation, "");
  EXPECT_EQ(asked_body(0), json(R"({"name":"A","privacy":"public"})"));
  EXPECT_EQ(asked_body(1), json(R"({"name":"B"})"));
  for (const std::string_view data :
       {R"({"skill":"space.destroy","name":"A"})", R"({"skill":7,"name":"A"})", "[]", "\"A\""}) {
    EXPECT_EQ(code(post(create(data), "1.0")), -32602) << data;
  }
  EXPECT_EQ(asked_.size(), 2U);
}

TEST_F(A2aCreateTest, OnlyTextGivesNameAndDescription) {
  const auto made_from = [&](const std::string& text) {
    asked_.clear();
    (void)result(post(rpc("message/send", message(R"([{"kind":"text","text":)" +
                                                  base::to_text(json::string(text)) + "}]"))));
    return asked_body(0);
  };
  EXPECT_EQ(made_from("\n  A\tplan  \r\nmore"),
            json(R"({"name":"A plan","description":"\n  A\tplan  \r\nmore"})"));
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "ø";
  const json::value cut = made_from(many);
  EXPECT_EQ(cut.at("name").as_string().size(), 240U);          // 120 letters of 2 bytes
  EXPECT_EQ(cut.at("description").as_string().size(), 8000U);  // 4000
  EXPECT_EQ(code(post(rpc("message/send", message(R"([{"kind":"text","text":" \n"}])")))), -32602);
  EXPECT_EQ(
      code(post(rpc("message/send", message(R"([{"kind":"file","file":{"uri":"https://a/b"}}])")))),
      -32005);
}

TEST_F(A2aCreateTest, WrongMembersAreWrongParams) {
  give("POST /oresundspace/space",
       R"({"error":"A member has a wrong value.","code":"invalid_member","requestId":"r",
           "errors":[{"pointer":"/ttl","code":"out_of_range","detail":"d"}]})",
       400);
  const json::object refused = error(post(create(R"({"name":"A","ttl":1})"), "1.0"));
  EXPECT_EQ(refused.at("code"), -32602);
  EXPECT_EQ(refused.at("data").at(0).at("reason"), "INVALID_MEMBER");
  EXPECT_EQ(refused.at("data").at(0).at("metadata").at("errors"),
            R"([{"pointer":"/ttl","code":"out_of_range","detail":"d"}])");
}

}  // namespace
}  // namespace kronborg::doors

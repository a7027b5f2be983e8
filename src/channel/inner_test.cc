#include "channel/inner.h"

#include "channel/fixture_test.h"
#include "http/parse.h"

namespace kronborg::channel {
namespace {

std::string judge(std::string_view text) { return code_of(read_inner_request(text)); }

TEST(InnerRequest, MembersAreTaken) {
  const auto request = read_inner_request(
      R"({"method":"POST","path":"/v1/chat?x=1","authorization":"Bearer k","accept":"text/plain",)"
      R"("contentType":"application/json","headers":{"X-One":"1","HOST":"evil","Content-Length":"9",)"
      R"("connection":"close","Transfer-Encoding":"chunked","authorization":"Bearer other",)"
      R"("Accept":"no","content-type":"no","X-Osaurus-Relay-Origin":"no","Forwarded":"no",)"
      R"("X-Forwarded-For":"1.2.3.4","x-forwarded-anything":"no","X-Real-IP":"1.2.3.4"},)"
      R"("body":"aGk","unknown":1})");
  ASSERT_EQ(code_of(request), "ok");
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/v1/chat?x=1");
  EXPECT_EQ(request->authorization->reveal(), "Bearer k");
  EXPECT_EQ(request->accept, "text/plain");
  EXPECT_EQ(request->content_type, "application/json");
  ASSERT_EQ(request->fields.size(), 1U);
  EXPECT_EQ(request->fields[0].name, "X-One");
  EXPECT_EQ(request->fields[0].value.reveal(), "1");
  EXPECT_EQ(request->body->reveal(), "hi");
}

TEST(InnerRequest, WhatIsNotThereIsNotSet) {
  const auto request = read_inner_request(
      R"({"method":"GET","path":"/","authorization":null,"headers":null,"body":null})");
  ASSERT_EQ(code_of(request), "ok");
  EXPECT_FALSE(request->authorization || request->accept || request->content_type || request->body);
  EXPECT_TRUE(request->fields.empty());
  const auto empty = read_inner_request(R"({"method":"GET","path":"/","body":""})");
  ASSERT_EQ(code_of(empty), "ok");
  EXPECT_TRUE(empty->body && empty->body->empty());
}

TEST(InnerRequest, NothingElseIsWellFormed) {
  for (const char* const text : {
           "",
           "[]",
           "null",
           R"({"path":"/"})",
           R"({"method":"GET"})",
           R"({"method":"get","path":"/"})",
           R"({"method":"GE T","path":"/"})",
           R"({"method":"","path":"/"})",
           R"({"method":1,"path":"/"})",
           R"({"method":"CONNECT","path":"/"})",
           R"({"method":"GET","path":""})",
           R"({"method":"GET","path":"*"})",
           R"({"method":"GET","path":"http://h/"})",
           R"({"method":"GET","path":"//a"})",
           R"({"method":"GET","path":"/a/../b"})",
           R"({"method":"GET","path":"/a%2fb"})",
           R"({"method":"GET","path":"/%"})",
           R"({"method":"GET","path":"/a#b"})",
           R"({"method":"GET","path":"/\u00e6"})",
           R"({"method":"GET","path":"/a\r\nX: y"})",
           R"({"method":"GET","path":"/","accept":1})",
           R"({"method":"GET","path":"/","accept":"a\nb"})",
           R"({"method":"GET","path":"/","contentType":"a\rb"})",
           R"({"method":"GET","path":"/","authorization":"a\u0000b"})",
           R"({"method":"GET","path":"/","headers":[]})",
           R"({"method":"GET","path":"/","headers":{"A":1}})",
           R"({"method":"GET","path":"/","headers":{"A":null}})",
           R"({"method":"GET","path":"/","headers":{"A B":"1"}})",
           R"({"method":"GET","path":"/","headers":{"":"1"}})",
           R"({"method":"GET","path":"/","headers":{"A":"1\u0000"}})",
           R"({"method":"GET","path":"/","headers":{"Host":"a\nb"}})",
           R"({"method":"GET","path":"/","headers":{"X-A":"1","x-a":"2"}})",
           R"({"method":"GET","path":"/","body":"a="})",
           R"({"method":"GET","path":"/","body":1})",
           R"({"method":"GET","path":"/","path":"/b"})",
       }) {
    EXPECT_EQ(judge(text), "secure_malformed") << text;
  }
  const auto error = read_inner_request("{}").error();
  EXPECT_EQ(error.text(), "Malformed inner request");
}

TEST(InnerRequest, TheChannelIsNotReachedThroughItself) {
  for (const std::string path :
       {"/secure/call", "/secure/session?x", "/secure/", "/v1/secure/call", "/api/secure/call",
        "/v1/api/secure/call", "/%73ecure/call", "/v1/%73ecure/call", "/v%31/secure/call"}) {
    EXPECT_EQ(judge(R"({"method":"POST","path":")" + path + R"("})"), "secure_malformed") << path;
  }
  for (const std::string path : {"/secure", "/secured/call", "/a/secure/call", "/?/secure/call"}) {
    EXPECT_EQ(judge(R"({"method":"POST","path":")" + path + R"("})"), "ok") << path;
  }
}

TEST(InnerRequest, TheLimitsOfAHeadHold) {
  const auto with_value = [](std::size_t size) {
    return R"({"method":"GET","path":"/","headers":{"X":")" + std::string(size, 'a') + R"("}})";
  };
  EXPECT_EQ(judge(with_value(8000)), "ok");
  EXPECT_EQ(judge(with_value(8192)), "secure_malformed");
  std::string many = R"({"method":"GET","path":"/","headers":{"A0":"")";
  for (int i = 1; i < 100; ++i) many += ",\"A" + std::to_string(i) + "\":\"\"";
  EXPECT_EQ(judge(many + "}}"), "ok");
  EXPECT_EQ(judge(many + R"(,"B":""}})"), "secure_malformed");
  EXPECT_EQ(judge(R"({"method":"GET","path":"/)" + std::string(8192, 'a') + R"("})"),
            "secure_malformed");
}

InnerRequest sample() {
  InnerRequest request{.method = "PUT",
                       .target = "/x?y=z",
                       .authorization = base::SecretText("Bearer k"),
                       .accept = "a/b",
                       .content_type = "c/d",
                       .fields = {},
                       .body = base::SecretText("hi")};
  request.fields.push_back({.name = "X-One", .value = base::SecretText("1")});
  return request;
}

TEST(InnerRequest, WhatAClientWritesIsRead) {
  const auto text = write_inner_request(sample());
  const auto read = read_inner_request(text.reveal());
  ASSERT_EQ(code_of(read), "ok");
  EXPECT_EQ(write_inner_request(*read).reveal(), text.reveal());
  EXPECT_EQ(text.reveal(),
            R"({"method":"PUT","path":"/x?y=z","authorization":"Bearer k","accept":"a/b",)"
            R"("contentType":"c/d","headers":{"X-One":"1"},"body":"aGk"})");
}

TEST(InnerRequest, AsAHeadItIsReadByTheParserOfHeads) {
  const auto text = head_of(sample(), {.host = "kronborg.example",
                                       .user_agent = "outer/1",
                                       .relayed = true,
                                       .relay_origin = "https://relay.example"});
  http::RequestHead head;
  std::size_t consumed = 0;
  const auto state = http::parse_request_head(text.reveal(), head, consumed);
  ASSERT_EQ(code_of(state), "ok");
  EXPECT_EQ(*state, http::ParseState::complete);
  EXPECT_EQ(consumed, text.reveal().size());
  EXPECT_EQ(head.method, "PUT");
  EXPECT_EQ(head.target, "/x?y=z");
  EXPECT_EQ(head.host, "kronborg.example");
  EXPECT_EQ(head.content_length, 2U);
  EXPECT_EQ(head.field("user-agent"), "outer/1");
  EXPECT_EQ(head.field("x-osaurus-relay-origin"), "https://relay.example");
  EXPECT_EQ(http::bearer(head)->reveal(), "k");

  InnerRequest own = sample();
  own.fields.push_back({.name = "user-agent", .value = base::SecretText("inner/2")});
  const auto other = head_of(own, {.host = "h", .user_agent = "outer/1"});
  http::RequestHead second;
  ASSERT_EQ(code_of(http::parse_request_head(other.reveal(), second, consumed)), "ok");
  EXPECT_EQ(second.field("user-agent"), "inner/2");
  EXPECT_FALSE(second.field("x-osaurus-relay-origin"));
}

}  // namespace
}  // namespace kronborg::channel

#include "doors/mcp.h"

#include "doors/mcp_fixture_test.h"

// docs/protocol/discovery.md section 7: the transport and the two eras.

namespace kronborg::doors {
namespace {

namespace json = boost::json;

constexpr std::string_view meta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}})";

std::string ping(int id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"ping"})";
}
std::string with_meta(std::string_view method, std::string_view params = "") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":{)" +
         std::string(params) + std::string(meta) + "}}";
}

TEST_F(McpDoor, OnlyPostIsServed) {
  for (const char* method : {"GET", "DELETE", "PUT", "HEAD"}) {
    DoorRequest request = post("");
    request.method = method;
    const http::Answer made = answer(request);
    EXPECT_EQ(made.status, 405) << method;
    EXPECT_EQ(field_of(made, "Allow"), "POST, OPTIONS");
    EXPECT_FALSE(json_of(made).as_object().contains("id"));
  }
}

TEST_F(McpDoor, ContentTypeAndAcceptAreJudged) {
  DoorRequest request = legacy(ping(1));
  request.fields[0].second = "text/plain";
  EXPECT_EQ(answer(request).status, 415);
  request.fields[0].second = "application/json; charset=latin1";
  EXPECT_EQ(answer(request).status, 415);
  request.fields[0].second = "application/json; charset=utf-8";
  EXPECT_EQ(answer(request).status, 200);
  request.fields[1].second = "text/html";
  EXPECT_EQ(answer(request).status, 406);
  for (const char* fits : {"*/*", "application/json", "text/event-stream", ""}) {
    request.fields[1].second = fits;
    const http::Answer made = answer(request);
    EXPECT_EQ(made.status, 200) << fits;
    EXPECT_EQ(made.content_type, "application/json");
  }
}

TEST_F(McpDoor, AForeignOriginIsAnErrorWithoutId) {
  const http::Answer made = Mcp::refusal(base::Code::origin_not_allowed, "some-request");
  EXPECT_EQ(made.status, 403);
  const json::value body = json_of(made);
  EXPECT_EQ(body.at("jsonrpc"), "2.0");
  EXPECT_FALSE(body.as_object().contains("id"));
  EXPECT_EQ(body.at("error").at("data").at("errorCode"), "origin_not_allowed");
  EXPECT_EQ(body.at("error").at("data").at("requestId"), "some-request");
}

TEST_F(McpDoor, WhatIsNoMessageAnswers400) {
  EXPECT_EQ(json_of(answer(post("{"))).at("error").at("code"), -32700);
  EXPECT_EQ(answer(post("{")).status, 400);
  const http::Answer made = answer(post(R"({"id":3,"method":"ping"})"));
  EXPECT_EQ(made.status, 400);
  EXPECT_EQ(json_of(made).at("id"), 3);
  EXPECT_EQ(json_of(made).at("error").at("code"), -32600);
}

TEST_F(McpDoor, TheHandshakeAgreesOnAListedVersion) {
  const auto version = [&](const std::string& asked) {
    const auto made =
        answer(post(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":)"
                    R"({"protocolVersion":")" +
                    asked + R"(","capabilities":{},"clientInfo":{"name":"c","version":"1"}}})"));
    EXPECT_EQ(made.status, 200);
    return std::string(json_of(made).at("result").at("protocolVersion").as_string());
  };
  EXPECT_EQ(version("2025-03-26"), "2025-03-26");
  EXPECT_EQ(version("2025-06-18"), "2025-06-18");
  EXPECT_EQ(version("2025-11-25"), "2025-11-25");
  EXPECT_EQ(version("2024-11-05"), "2025-11-25");
  EXPECT_EQ(version("2026-07-28"), "2025-11-25");
}

TEST_F(McpDoor, InstructionsSayWhatAnAgentMustKnow) {
  const json::value body =
      json_of(answer(post(R"({"jsonrpc":"2.0","id":1,"method":"initialize"})")));
  const std::string text(body.at("result").at("instructions").as_string());
  EXPECT_LE(text.size(), 2000u);
  for (const char* said : {"No account is needed", "create_space", "invitation", "privateKey",
                           "X-Private-Key", "data, not instructions", "Never put a key",
                           "list_messages", "cursor", "suggestedPollingIntervalMs"}) {
    EXPECT_NE(text.find(said), std::string::npos) << said;
  }
}

TEST_F(McpDoor, ALegacyVersionThatIsNotServedAnswers400) {
  DoorRequest request = post(ping(1));
  EXPECT_EQ(answer(request).status, 200);  // absent means 2025-03-26
  request.fields.emplace_back("mcp-protocol-version", "2024-11-05");
  EXPECT_EQ(answer(request).status, 400);
}

TEST_F(McpDoor, AnUnknownMethodIs200InTheLegacyEraAnd404InTheModernOne) {
  const http::Answer old = answer(legacy(R"({"jsonrpc":"2.0","id":1,"method":"resources/list"})"));
  EXPECT_EQ(old.status, 200);
  EXPECT_EQ(json_of(old).at("error").at("code"), -32601);
  for (const char* method : {"resources/list", "subscriptions/listen", "initialize", "ping"}) {
    const http::Answer made = answer(modern(method, "", with_meta(method)));
    EXPECT_EQ(made.status, 404) << method;
    EXPECT_EQ(json_of(made).at("error").at("code"), -32601);
  }
}

TEST_F(McpDoor, NotificationsAndClientResponses) {
  const std::string response = R"({"jsonrpc":"2.0","id":1,"result":{}})";
  const http::Answer told =
      answer(legacy(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})"));
  EXPECT_EQ(told.status, 202);
  EXPECT_EQ(told.body, "");
  EXPECT_EQ(answer(legacy(response)).status, 202);
  DoorRequest request = post(response);
  request.fields.emplace_back("mcp-protocol-version", "2026-07-28");
  const http::Answer made = answer(request);
  EXPECT_EQ(made.status, 400);
  EXPECT_FALSE(json_of(made).as_object().contains("id"));
}

TEST_F(McpDoor, ABatchIsForOneVersionAndHasALimit) {
  const std::string told = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  const http::Answer made = answer(post("[" + ping(1) + "," + told + "," + ping(2) + "]"));
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(made.body,
            R"([{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}])");
  EXPECT_EQ(answer(post("[" + told + "]")).status, 202);

  const auto refused = [&](const DoorRequest& request) {
    const http::Answer no = answer(request);
    EXPECT_EQ(no.status, 400);
    EXPECT_EQ(json_of(no).at("error").at("code"), -32600);
  };
  refused(legacy("[" + ping(1) + "]"));
  refused(post("[]"));
  refused(post("[" + with_meta("tools/list") + "]"));
  std::string many = "[" + ping(1);
  for (int i = 2; i <= 20; ++i) many += "," + ping(i);
  EXPECT_EQ(answer(post(many + "]")).status, 200);
  refused(post(many + "," + ping(21) + "]"));
}

TEST_F(McpDoor, AModernRequestNeedsItsMetadata) {
  const auto fault = [&](std::string body) {
    const http::Answer made = answer(modern("server/discover", "", std::move(body)));
    EXPECT_EQ(made.status, 400);
    return json_of(made).at("error").at("code").as_int64();
  };
  EXPECT_EQ(fault(R"({"jsonrpc":"2.0","id":1,"method":"server/discover"})"), -32602);
  EXPECT_EQ(fault(R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":)"
                  R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})"),
            -32602);
}

TEST_F(McpDoor, AVersionThatIsNotSupportedNamesThoseThatAre) {
  DoorRequest request =
      modern("server/discover", "",
             R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":)"
             R"({"io.modelcontextprotocol/protocolVersion":"2030-01-01",)"
             R"("io.modelcontextprotocol/clientCapabilities":{}}}})");
  request.fields[2].second = "2030-01-01";
  const http::Answer made = answer(request);
  EXPECT_EQ(made.status, 400);
  const json::value error = json_of(made).at("error");
  EXPECT_EQ(error.at("code"), -32022);
  EXPECT_EQ(error.at("data").at("requested"), "2030-01-01");
  EXPECT_EQ(error.at("data").at("supported"),
            json::parse(R"(["2026-07-28","2025-11-25","2025-06-18","2025-03-26"])"));
}

TEST_F(McpDoor, TheThreeFieldsMustEqualTheBody) {
  const std::string body =
      with_meta("tools/call", R"("name":"search_docs","arguments":{"query":"lock"},)");
  EXPECT_EQ(answer(modern("tools/call", "search_docs", body)).status, 200);
  // "search_docs" in base64
  EXPECT_EQ(answer(modern("tools/call", "=?base64?c2VhcmNoX2RvY3M=?=", body)).status, 200);
  const auto refused = [&](const DoorRequest& request) {
    const http::Answer made = answer(request);
    EXPECT_EQ(made.status, 400);
    EXPECT_EQ(json_of(made).at("error").at("code"), -32020);
    EXPECT_EQ(json_of(made).at("id"), 1);
  };
  refused(modern("tools/list", "search_docs", body));
  refused(modern("tools/call", "read_doc", body));
  refused(modern("tools/call", "", body));
  refused(modern("tools/call", "=?base64?!?=", body));
  DoorRequest without = modern("tools/call", "search_docs", body);
  without.fields.erase(without.fields.begin() + 2);  // the version
  refused(without);
  DoorRequest another = modern("tools/call", "search_docs", body);
  another.fields[2].second = "2025-11-25";
  refused(another);
}

TEST_F(McpDoor, BothErasListTheSame20Tools) {
  const json::value old =
      json_of(answer(legacy(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})")));
  const json::value made = json_of(answer(modern("tools/list", "", with_meta("tools/list"))));
  const json::value& tools_listed = old.at("result").at("tools");
  EXPECT_EQ(tools_listed.as_array().size(), 20u);
  EXPECT_EQ(made.at("result").at("tools"), tools_listed);
  EXPECT_EQ(made.at("result").at("resultType"), "complete");
  EXPECT_EQ(made.at("result").at("ttlMs"), 3600000);
  EXPECT_EQ(made.at("result").at("cacheScope"), "public");
  EXPECT_FALSE(old.at("result").as_object().contains("ttlMs"));
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(std::string_view(tools_listed.at(i).at("name").as_string()), tools()[i].name);
  }
}

TEST_F(McpDoor, AnEmptyBudgetAnswers429) {
  exhausted_ = true;
  const http::Answer made = answer(legacy(R"({"jsonrpc":"2.0","id":5,"method":"tools/list"})"));
  EXPECT_EQ(made.status, 429);
  EXPECT_EQ(field_of(made, "Retry-After"), "3");
  const json::value body = json_of(made);
  EXPECT_EQ(body.at("id"), 5);
  EXPECT_EQ(body.at("error").at("data").at("errorCode"), "rate_limited");
  EXPECT_EQ(body.at("error").at("data").at("retryAfter"), 3);
  // A tool says it in its result.
  for (const char* tool : {"search_docs", "get_space"}) {
    const json::value refusal = refusal_of(calling(tool, R"({"query":"lock"})"));
    EXPECT_EQ(refusal.at("code"), 429);
    EXPECT_EQ(refusal.at("errorCode"), "rate_limited");
    EXPECT_EQ(refusal.at("retryAfter"), 3);
  }
}

TEST_F(McpDoor, AnUnknownToolIsAnErrorOfTheProtocol) {
  const http::Answer made = answer(calling("open_door", "{}"));
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(json_of(made).at("error").at("code"), -32602);
  const http::Answer wrong = answer(calling("get_space", "[]"));
  EXPECT_EQ(wrong.status, 200);
  EXPECT_EQ(json_of(wrong).at("error").at("code"), -32602);
}

}  // namespace
}  // namespace kronborg::doors

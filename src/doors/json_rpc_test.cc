#include "doors/json_rpc.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>

namespace kronborg::doors {
namespace {

namespace json = boost::json;
using Kind = RpcMessage::Kind;

RpcMessage read(std::string_view text) { return read_rpc_message(json::parse(text)); }

TEST(JsonRpc, ARequestHasMethodIdAndParams) {
  const RpcMessage message = read(R"({"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":1}})");
  EXPECT_EQ(message.kind, Kind::request);
  EXPECT_EQ(message.method, "ping");
  EXPECT_EQ(*message.id, 7);
  EXPECT_EQ(message.params.at("a"), 1);
  EXPECT_EQ(*read(R"({"jsonrpc":"2.0","id":"d1","method":"ping"})").id, "d1");
}

TEST(JsonRpc, WithoutIdItIsANotification) {
  const RpcMessage message = read(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  EXPECT_EQ(message.kind, Kind::notification);
  EXPECT_FALSE(message.id.has_value());
}

TEST(JsonRpc, AResultOrAnErrorOfTheClientIsAResponse) {
  EXPECT_EQ(read(R"({"jsonrpc":"2.0","id":1,"result":{}})").kind, Kind::response);
  EXPECT_EQ(read(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}})").kind,
            Kind::response);
}

TEST(JsonRpc, WhatIsNoMessageIsInvalidAndKeepsTheIdThatCouldBeRead) {
  for (const char* text :
       {"3", "[]", R"({"id":4,"method":"ping"})", R"({"jsonrpc":"1.0","id":4,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":4})", R"({"jsonrpc":"2.0","id":4,"method":5})",
        R"({"jsonrpc":"2.0","id":null,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":{},"method":"ping"})"}) {
    const RpcMessage message = read(text);
    EXPECT_EQ(message.kind, Kind::invalid) << text;
    EXPECT_EQ(message.fault.code, -32600) << text;
  }
  EXPECT_EQ(*read(R"({"jsonrpc":"1.0","id":4,"method":"ping"})").id, 4);
  const RpcMessage wrong = read(R"({"jsonrpc":"2.0","id":4,"method":"ping","params":[1]})");
  EXPECT_EQ(wrong.kind, Kind::invalid);
  EXPECT_EQ(wrong.fault.code, -32602);
}

TEST(JsonRpc, ABodyThatIsNoJsonIsAParseError) {
  for (const std::string& text : {std::string(), std::string("{"), std::string(R"({"a":1,"a":2})"),
                                  std::string(40, '['), std::string("{} {}")}) {
    RpcError fault;
    EXPECT_FALSE(read_rpc_body(text, fault).has_value()) << text;
    EXPECT_EQ(fault.code, -32700) << text;
  }
}

TEST(JsonRpc, AnswersHaveTheMembersOfTheStandard) {
  EXPECT_EQ(rpc_answer(200, rpc_result(json::value("a"), {{"x", 1}})).body,
            R"({"jsonrpc":"2.0","id":"a","result":{"x":1}})");
  EXPECT_EQ(rpc_answer(400, rpc_error(json::value(1), {.code = -32600, .message = "No."})).body,
            R"({"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"No."}})");
  EXPECT_EQ(
      rpc_answer(400, rpc_error({}, {.code = -1, .message = "No.", .data = json::array{1}})).body,
      R"({"jsonrpc":"2.0","error":{"code":-1,"message":"No.","data":[1]}})");
}

}  // namespace
}  // namespace kronborg::doors

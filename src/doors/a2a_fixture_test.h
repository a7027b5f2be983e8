#pragma once

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "doors/a2a.h"

namespace kronborg::doors {

inline constexpr std::string_view task_id = "9a7d0b81-3b9b-4702-8600-119abd0f8a02";
inline constexpr std::string_view task_key =
    "87a87e20e350874928e8b4bf3cbaeca6bc941390e2c47bc647383d136fd51f77";
inline constexpr std::string_view owner_id = "d10e22f0-86ea-47f6-b086-e0a4f921198e";

/// The door, with a REST surface that writes down what it is asked and gives the answers that stand
/// for `METHOD path`, `?query` left out; a named operation stands as `METHOD path operation`.
class A2aTest : public testing::Test {
 protected:
  A2aTest()
      : door_({.origin = "https://kronborg.example",
               .calls = {.call = [this](const api::Request& request,
                                        std::optional<api::Held>*) { return given(request); },
                         .would_admit = {},
                         .take_rate =
                             [this](std::string_view policy, std::string_view) {
                               EXPECT_EQ(policy, "source");
                               ++tokens_taken_;
                               return source_;
                             }},
               .new_id = [] { return std::string("c142e5ce-446f-4f43-81a0-56208c0c3f44"); },
               .now_ms = [] { return std::int64_t{1'793'610'400'060}; }}) {}

  /// `GET …` of the space, its messages and artifacts.
  void give(std::string call, std::string_view body, int status = 200,
            std::vector<std::pair<std::string, std::string>> fields = {}) {
    answers_[std::move(call)] = {.status = status, .body = std::string(body), .fields = fields};
  }
  static std::string space(std::string_view rest = {}) {
    return "/oresundspace/space/" + std::string(task_id) + std::string(rest);
  }

  static DoorRequest post(std::string_view body, std::string_view version = {}) {
    DoorRequest request{.path = "/a2a",
                        .fields = {{"content-type", "application/json"}},
                        .body = std::string(body),
                        .source_address = "192.0.2.7",
                        .request_id = "20262f45-6416-443a-8a6d-8c19ccd3df67"};
    if (!version.empty()) request.fields.emplace_back("a2a-version", version);
    return request;
  }
  static DoorRequest keyed(std::string_view body, std::string_view version = {}) {
    DoorRequest request = post(body, version);
    request.private_key = std::make_shared<const base::SecretText>(task_key);
    return request;
  }
  /// A request with id 1.
  static std::string rpc(std::string_view method, std::string_view params) {
    return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" +
           std::string(params) + "}";
  }
  /// Params with a message that has these parts.
  static std::string message(std::string_view parts, std::string_view more = {}) {
    return R"({"message":{"messageId":"m-1","role":"user","parts":)" + std::string(parts) +
           std::string(more) + "}}";
  }
  static std::string in_task() { return R"(,"taskId":")" + std::string(task_id) + '"'; }

  http::Answer answer(const DoorRequest& request) const { return door_.answer(request).answer; }
  boost::json::value result(const DoorRequest& request) const {
    const boost::json::value body = boost::json::parse(answer(request).body);
    const auto* found = body.as_object().if_contains("result");
    if (found == nullptr) ADD_FAILURE() << body;
    return found == nullptr ? boost::json::value() : *found;
  }
  boost::json::object error(const DoorRequest& request) const {
    const boost::json::value body = boost::json::parse(answer(request).body);
    const auto* found = body.as_object().if_contains("error");
    if (found == nullptr) ADD_FAILURE() << body;
    return found == nullptr ? boost::json::object() : found->as_object();
  }
  int code(const DoorRequest& request) const {
    return static_cast<int>(error(request).at("code").as_int64());
  }
  static boost::json::value json(std::string_view text) { return boost::json::parse(text); }
  boost::json::value asked_body(std::size_t n) const {
    return boost::json::parse(asked_.at(n).body);
  }
  static std::string field(const std::vector<std::pair<std::string, std::string>>& fields,
                           std::string_view name) {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return {};
  }

  std::vector<api::Request> asked_;
  int tokens_taken_ = 0;
  Taken source_ = {.fields = {{"RateLimit", "\"source\";r=1199;t=1"}}};
  A2aDoor door_;

 private:
  http::Answer given(const api::Request& request) {
    asked_.push_back(request);
    std::string name = request.method + ' ' + request.path;
    if (!request.operation.empty()) name += ' ' + request.operation;
    const auto found = answers_.find(name);
    if (found != answers_.end()) return found->second;
    ADD_FAILURE() << "nobody expected " << name;
    return {.status = 500,
            .body = R"({"error":"x","code":"internal_error","requestId":"r"})",
            .fields = {}};
  }

  std::map<std::string, http::Answer> answers_;
};

/// The REST answers of a space with two messages and a document.
inline constexpr std::string_view space_body = R"({
  "spaceId":"9a7d0b81-3b9b-4702-8600-119abd0f8a02","name":"Plan the library move","description":"",
  "privacy":"private","requiresApproval":true,"requireVerified":false,
  "ownerId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","createdAt":"2026-11-02T09:01:00.030Z",
  "updatedAt":"2026-11-02T09:01:00.030Z","retentionDays":30,"status":"open","ownerless":false,
  "lastSeq":2,"participants":[],
  "artifacts":[{"artifactId":"aa551695-19a5-4e8a-8e4f-7e6f56ee7e79","name":"agreement.md",
    "mediaType":"text/markdown","revision":3,"sha256":"35acaeb6","size":7}],
  "you":{"participantId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","keyType":"owner",
    "keyId":"70b1ea89-d5ad-492c-8b04-1dd2675e43b2","muted":false}})";
inline constexpr std::string_view messages_body = R"({
  "messages":[
    {"id":"3e2c9324-39f4-4f5c-ba33-905ad558b99d","seq":1,"timestamp":"2026-11-02T09:02:00.020Z",
     "type":"text","content":"Who takes shelf 4?",
     "sender":{"participantId":"d10e22f0-86ea-47f6-b086-e0a4f921198e","name":"owner",
       "keyType":"owner","verified":false}},
    {"id":"263049a3-a562-41b8-942d-ba94aa5fa202","seq":2,"timestamp":"2026-11-02T09:02:10.500Z",
     "type":"image","content":"data:image/png;base64,iVBORw0KGgo=",
     "sender":{"participantId":"d9741469-9628-4f1a-ae09-bc1b8921cec8","name":"helper",
       "keyType":"participant","verified":true,
       "address":"0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6"}}],
  "cursor":"c1.x","hasMore":false,"lastSeq":2})";
inline constexpr std::string_view artifact_body = R"({
  "artifactId":"aa551695-19a5-4e8a-8e4f-7e6f56ee7e79","name":"agreement.md",
  "mediaType":"text/markdown","revision":3,"sha256":"35acaeb6","size":7,"content":"# Terms"})";

}  // namespace kronborg::doors

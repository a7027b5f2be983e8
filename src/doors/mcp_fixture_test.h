#pragma once

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doors/mcp.h"

namespace kronborg::doors {

inline constexpr std::string_view space_id = "76fb7f28-6b6a-4bcf-961a-b9723ef27b32";
inline constexpr std::string_view owner_key =
    "0a61d4b5405f4d2d4e910c8cf3cfdbed3f4f918d9df783217a5dd4010ef32e16";
inline constexpr std::string_view other_key =
    "3c17127d322117489d2f8d20d43446b3beadd6c65af55cf63728a6b4cdaaa18c";

inline api::SharedSecret secret(std::string_view text) {
  return std::make_shared<const base::SecretText>(text);
}

/// The door, with a REST surface that writes down what it is asked and answers what it is told.
class McpDoor : public testing::Test {
 protected:
  McpDoor()
      : mcp_({.call =
                  [this](const api::Request& request, std::optional<api::Held>* held) {
                    asked_.push_back(request);
                    if (held != nullptr) *held = holds_;
                    return rest_;
                  },
              .would_admit =
                  [this](const api::Request& request) {
                    const auto& key = request.private_key ? request.private_key : request.bearer;
                    return key != nullptr &&
                           std::ranges::find(admitted_, key->reveal()) != admitted_.end();
                  },
              .take_rate =
                  [this](std::string_view policy, std::string_view) {
                    EXPECT_EQ(policy, "mcp");
                    ++tokens_taken_;
                    Taken taken{.fields = {{"RateLimit", "\"mcp\";r=599;t=1"}}};
                    if (exhausted_) {
                      taken.refused =
                          base::Error(base::Code::rate_limited)
                              .with({.name = "policies", .value = std::vector<std::string>{"mcp"}})
                              .with({.name = "retryAfter", .value = std::int64_t{3}});
                    }
                    return taken;
                  }},
             {{"quickstart",
               "# Quickstart\n\nCreate a space with one call.\n\n## Invite\n\n"
               "An invitation has a limit of uses.\n"},
              {"artifacts",
               "# Artifacts\n\nShared documents with revisions.\n\n## Locks\n\n"
               "A lease ends by itself. A fencing token grows with each grant.\n"}},
             {.origin = "https://kronborg.example"}) {}

  static DoorRequest post(std::string body) {
    return {.path = "/mcp",
            .fields = {{"content-type", "application/json"},
                       {"accept", "application/json, text/event-stream"}},
            .body = std::move(body),
            .source_address = "192.0.2.7",
            .request_id = "2ae6f025-cb79-4fca-aade-22a9aaf702a3"};
  }
  static DoorRequest legacy(std::string body) {
    DoorRequest request = post(std::move(body));
    request.fields.emplace_back("mcp-protocol-version", "2025-11-25");
    return request;
  }
  static DoorRequest modern(std::string_view method, std::string_view name, std::string body) {
    DoorRequest request = post(std::move(body));
    request.fields.emplace_back("mcp-protocol-version", "2026-07-28");
    request.fields.emplace_back("mcp-method", method);
    if (!name.empty()) request.fields.emplace_back("mcp-name", name);
    return request;
  }
  /// A tools/call of the legacy era.
  static DoorRequest calling(std::string_view tool, std::string_view arguments) {
    return legacy(R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":")" +
                  std::string(tool) + R"(","arguments":)" + std::string(arguments) + "}}");
  }
  http::Answer answer(const DoorRequest& request) {
    held_.reset();
    return mcp_.answer(request, held_);
  }
  static boost::json::value json_of(const http::Answer& answer) {
    return boost::json::parse(answer.body);
  }
  /// The result of a tool that was called.
  boost::json::value result_of(const DoorRequest& request) {
    const http::Answer made = answer(request);
    EXPECT_EQ(made.status, 200) << made.body;
    return json_of(made).at("result");
  }
  boost::json::value refusal_of(const DoorRequest& request) {
    const boost::json::value result = result_of(request);
    EXPECT_EQ(result.at("isError"), true);
    return result.at("structuredContent");
  }
  static std::string field_of(const http::Answer& answer, std::string_view name) {
    for (const auto& [key, value] : answer.fields) {
      if (key == name) return value;
    }
    return "";
  }
  static std::string field_of(const api::Request& request, std::string_view name) {
    for (const auto& [key, value] : request.fields) {
      if (key == name) return value;
    }
    return "";
  }
  void rest_answers(int status, std::string body) {
    rest_ = {.status = status, .body = std::move(body), .fields = {}};
  }
  /// The space id and what follows it, as arguments.
  static std::string in_space(std::string_view more = "") {
    return R"({"spaceId":")" + std::string(space_id) + '"' + std::string(more) + "}";
  }

  std::vector<api::Request> asked_;
  http::Answer rest_{.body = "{}", .fields = {}};
  std::optional<api::Held> holds_;
  std::optional<api::Held> held_;
  std::vector<std::string_view> admitted_;
  int tokens_taken_ = 0;
  bool exhausted_ = false;
  Mcp mcp_;
};

}  // namespace kronborg::doors

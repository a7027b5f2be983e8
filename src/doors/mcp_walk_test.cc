#include <fstream>
#include <iterator>

#include "base/json.h"
#include "doors/mcp_fixture_test.h"

// The MCP exchanges of testdata/walks/discovery-walk.http, byte for byte up to white space in JSON.

namespace kronborg::doors {
namespace {

namespace json = boost::json;

struct Exchange {
  std::string method, path;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  int status = 0;
  std::string answer;
};

std::string walk(const std::string& name) {
  std::ifstream file(KRONBORG_SOURCE_DIR "/testdata/walks/" + name + "-walk.http");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The block whose title begins so.
Exchange block(std::string_view title, const std::string& file = "discovery") {
  const std::string text = walk(file);
  const auto begin = text.find("### " + std::string(title));
  if (begin == std::string::npos) throw std::runtime_error("no such block");
  const std::string part = text.substr(begin, text.find("\n### ", begin + 4) - begin);
  const auto middle = part.find("\n<<<\n\n");
  std::string request = part.substr(0, middle);
  const std::string answer = part.substr(middle + 6);

  Exchange exchange;
  request.erase(0, request.find("\n\n") + 2);  // title and remarks
  const auto body = request.find("\n\n");
  exchange.body = body == std::string::npos ? "" : request.substr(body + 2);
  std::string head = request.substr(0, body) + "\n";
  for (std::size_t at = 0; at < head.size();) {
    const auto end = head.find('\n', at);
    const std::string line = head.substr(at, end - at);
    at = end + 1;
    const auto colon = line.find(": ");
    if (exchange.method.empty()) {
      exchange.method = line.substr(0, line.find(' '));
      exchange.path = line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1);
    } else if (colon != std::string::npos) {
      std::string name = line.substr(0, colon);
      std::ranges::transform(name, name.begin(), [](char c) { return std::tolower(c); });
      exchange.fields.emplace_back(name, line.substr(colon + 2));
    }
  }
  exchange.status = std::stoi(answer.substr(9, 3));
  const auto answered = answer.find("\n\n");
  exchange.answer = answered == std::string::npos ? "" : answer.substr(answered + 2);
  return exchange;
}

std::string compact(const std::string& text) {
  return text.find_first_not_of(" \n") == std::string::npos ? "" : base::to_text(json::parse(text));
}

class McpWalk : public McpDoor {
 protected:
  /// Sends the block; its request id is that of the answer in the walk.
  void expect_as_written(const Exchange& exchange) {
    DoorRequest request{.method = exchange.method, .path = exchange.path, .body = exchange.body};
    for (const auto& [name, value] : exchange.fields) {
      if (name == "x-private-key") {
        request.private_key = secret(value);
      } else {
        request.fields.emplace_back(name, value);
      }
    }
    request.request_id = "2ae6f025-cb79-4fca-aade-22a9aaf702a3";  // of block 15, which shows it
    const http::Answer made = answer(request);
    EXPECT_EQ(made.status, exchange.status);
    EXPECT_EQ(made.body, compact(exchange.answer));
  }
  /// What the REST operation answered is what the walk shows as structuredContent.
  static std::string rest_body(const Exchange& exchange) {
    return base::to_text(json::parse(exchange.answer).at("result").at("structuredContent"));
  }
};

TEST_F(McpWalk, Handshake) {
  expect_as_written(block("13. MCP, initialize era: handshake"));
  expect_as_written(block("14. MCP, initialize era: ready"));
  EXPECT_EQ(tokens_taken_, 2);
}

TEST_F(McpWalk, AToolWithoutKey) {
  expect_as_written(block("15. MCP, initialize era: a tool without key"));
  EXPECT_TRUE(asked_.empty());
}

TEST_F(McpWalk, Discover) { expect_as_written(block("16. MCP, per-request era: discover")); }

TEST_F(McpWalk, SendAMessageWithTheKeyOfTheConnection) {
  const Exchange exchange = block("17. MCP, per-request era: send a message");
  rest_answers(200, rest_body(exchange));
  expect_as_written(exchange);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].method, "POST");
  EXPECT_EQ(asked_[0].path, "/oresundspace/space/76fb7f28-6b6a-4bcf-961a-b9723ef27b32/messages");
  EXPECT_EQ(asked_[0].body, R"({"content":"Hello."})");
  EXPECT_EQ(field_of(asked_[0], "idempotency-key"), "a06bdbb1-c334-40d9-a58a-ffad3d3c94ca");
  EXPECT_EQ(field_of(asked_[0], "content-type"), "application/json");
  EXPECT_EQ(asked_[0].private_key->reveal(), owner_key);
  EXPECT_EQ(tokens_taken_, 0);
}

TEST_F(McpWalk, ReadMessages) {
  const Exchange exchange = block("18. MCP, per-request era: read messages");
  rest_answers(200, rest_body(exchange));
  expect_as_written(exchange);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].method, "GET");
  EXPECT_EQ(asked_[0].query, "");
  EXPECT_EQ(asked_[0].body, "");
}

TEST_F(McpWalk, HeaderAndBodyDiffer) {
  expect_as_written(block("19. MCP, per-request era: header and body differ"));
  EXPECT_TRUE(asked_.empty());
}

/// Why the value is not of the type that a schema names; empty when it is.
std::string type_fault(const json::value& schema, const json::value& value) {
  const std::string_view type = schema.at("type").as_string();
  const bool fits =
      (type == "string" && value.is_string()) || (type == "integer" && value.is_int64()) ||
      (type == "boolean" && value.is_bool()) || (type == "object" && value.is_object()) ||
      (type == "array" && value.is_array());
  return fits ? "" : std::string(type) + " is not " + json::serialize(value);
}

TEST_F(McpWalk, RestBodiesFitTheOutputSchemas) {
  const struct {
    const char* tool;
    const char* title;
    std::vector<std::string> absent;  ///< members that this answer does not have
  } rows[] = {
      {"create_space", "1. Buyer creates", {}},
      {"create_invitation", "2. Buyer invites", {}},
      {"join_space", "4. Seller asks to join", {"participantPrivateKey", "keyId"}},
      {"get_join_status", "9. Seller collects", {"suggestedPollingIntervalMs"}},
      {"get_space", "6. Buyer looks at the space", {}},
      {"approve_participant", "7. Buyer approves", {}},
      {"send_message", "11. Buyer sends", {}},
      {"list_messages", "14. Seller reads", {}},
      {"create_artifact", "21. Seller creates", {}},
      {"get_artifact", "22. Buyer reads it", {}},
      {"write_artifact", "25. Buyer writes", {}},
      {"kick_participant", "35. Buyer removes", {}},
      {"close_space", "43. Buyer closes", {}},
  };
  const json::array listed = tool_list();
  for (const auto& [tool, title, absent] : rows) {
    const auto* const entry = std::ranges::find_if(
        listed, [&](const json::value& one) { return one.at("name") == tool; });
    ASSERT_NE(entry, listed.end()) << tool;
    const json::value body = json::parse(block(title, "space").answer);
    for (const auto& property : entry->at("outputSchema").at("properties").as_object()) {
      const json::value* member = body.as_object().if_contains(property.key());
      if (member == nullptr) {
        EXPECT_NE(std::ranges::find(absent, std::string(property.key())), absent.end())
            << tool << " has no " << property.key();
      } else {
        EXPECT_EQ(type_fault(property.value(), *member), "") << tool << " " << property.key();
      }
    }
  }
}

}  // namespace
}  // namespace kronborg::doors

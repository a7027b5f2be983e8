#include "api/metadata.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <tuple>

#include "api/cards.h"
#include "api/documents.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::string_view space = "/oresundspace/space/ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f";

Settings settings_of_example() {
  Settings settings;
  settings.origin = "https://kronborg.example";
  return settings;
}

json::object document(const Documents& documents, std::string_view path) {
  EXPECT_NE(documents.find(path), nullptr) << path;
  return json::parse(documents.answer(path, "").body).as_object();
}

/// docs/protocol/discovery.md section 3, of the product as it is: no scope, no identity token.
TEST(Metadata, EachResourceHasItsOwnDocument) {
  const Documents documents(settings_of_example());
  for (const std::string_view path :
       {"", "/oresundspace/mcp", "/mcp", "/oresundspace/a2a", "/a2a"}) {
    const json::object metadata =
        document(documents, "/.well-known/oauth-protected-resource" + std::string(path));
    EXPECT_EQ(metadata,
              (json::object{{"resource", "https://kronborg.example" + std::string(path)},
                            {"resource_name", "kronborg spaces"},
                            {"authorization_servers", json::array{"https://kronborg.example"}},
                            {"bearer_methods_supported", json::array{"header"}},
                            {"resource_documentation", "https://kronborg.example/auth.md"},
                            {"space_key_header", "X-Private-Key"},
                            {"agent_auth_skill", "https://kronborg.example/auth.md"}}));
  }
}

/// Every path of spaces.md section 3 below /oresundspace/, with ids that nobody has.
TEST(Metadata, TheMetadataOfASpacePathIsComputed) {
  const Documents documents(settings_of_example());
  std::vector<std::string> paths = {"/oresundspace/space", "/oresundspace/spaces",
                                    "/oresundspace/whoami", std::string(space)};
  for (const std::string_view below : {"/key",
                                       "/keys",
                                       "/keys/rotate",
                                       "/keys/1",
                                       "/invite",
                                       "/invitations",
                                       "/invitations/1",
                                       "/invitations/1/rotate",
                                       "/join",
                                       "/join/1",
                                       "/participants",
                                       "/participants/1/approve",
                                       "/participants/1/kick",
                                       "/participants/1/mute",
                                       "/participants/1/unmute",
                                       "/participants/1/deny",
                                       "/participants/1/reissue",
                                       "/leave",
                                       "/messages",
                                       "/messages/stream",
                                       "/messages/1",
                                       "/artifacts",
                                       "/artifacts/1",
                                       "/artifacts/1/revisions",
                                       "/artifacts/1/revisions/2",
                                       "/artifacts/1/signatures",
                                       "/artifacts/1/lock",
                                       "/artifacts/1/lock/renew",
                                       "/artifacts/1/unlock",
                                       "/identity/challenge",
                                       "/identity",
                                       "/export",
                                       "/audit"}) {
    paths.push_back(std::string(space) + std::string(below));
  }
  for (const std::string& path : paths) {
    const std::string at = "/.well-known/oauth-protected-resource" + path;
    const Document* found = documents.find(at);
    ASSERT_NE(found, nullptr) << path;
    EXPECT_EQ(found->path, "/.well-known/oauth-protected-resource/{path}") << "no id in a log";
    const Response answer = documents.answer(at, "");
    EXPECT_EQ(json::parse(answer.body).at("resource").as_string(),
              "https://kronborg.example" + path);
    for (const auto& [name, value] : answer.fields) {
      if (name == "ETag") EXPECT_EQ(documents.answer(at, value).status, 304);
    }
  }
}

TEST(Metadata, WhatIsNoResourceHasNone) {
  const Documents documents(settings_of_example());
  for (const std::string_view path :
       {"/", "/x", "/mcp/", "/oresundspace", "/oresundspace/", "/oresundspace/x",
        "/oresundspace/space/", "/oresundspace/space/1/x", "/oresundspace/space/1/keys/",
        "/oresundspace/space/<b>", "/oresundspace/space/a b", "/oresundspace/link/start",
        "/api/v1/agents", "/oauth/revoke", "x"}) {
    EXPECT_EQ(documents.find("/.well-known/oauth-protected-resource" + std::string(path)), nullptr)
        << path;
  }
  for (const std::string_view path : {"/.well-known/jwks.json", "/.well-known/openid-configuration",
                                      "/docs/", "/docs", "/docs/x", "/docs/api.html"}) {
    EXPECT_EQ(documents.find(path), nullptr) << path;
  }
}

/// docs/protocol/discovery.md section 4: nothing that needs a human or a token is named.
TEST(Metadata, TheAuthorizationServerNamesWhatWorks) {
  const json::object metadata =
      document(Documents(settings_of_example()), "/.well-known/oauth-authorization-server");
  EXPECT_EQ(metadata, json::parse(R"({
    "issuer": "https://kronborg.example",
    "response_types_supported": [],
    "grant_types_supported": [],
    "revocation_endpoint": "https://kronborg.example/oauth/revoke",
    "revocation_endpoint_auth_methods_supported": ["none"],
    "protected_resources": ["https://kronborg.example", "https://kronborg.example/oresundspace/mcp",
      "https://kronborg.example/mcp", "https://kronborg.example/oresundspace/a2a",
      "https://kronborg.example/a2a"],
    "service_documentation": "https://kronborg.example/auth.md",
    "agent_auth": {
      "skill": "https://kronborg.example/auth.md",
      "register_uri": "https://kronborg.example/oresundspace/link/start",
      "identity_endpoint": "https://kronborg.example/oresundspace/link/start",
      "revocation_uri": "https://kronborg.example/oauth/revoke",
      "identity_types_supported": ["anonymous"],
      "anonymous": {
        "credential_types_supported": ["api_key"],
        "registration_required": false,
        "credential_uri": "https://kronborg.example/oresundspace/space"
      }
    }
  })"));
}

TEST(Metadata, WithoutAnonymousCreationTheTypeLeavesTheBlock) {
  Settings settings = settings_of_example();
  settings.anonymous_create = false;
  const json::object block = agent_auth(settings);
  EXPECT_TRUE(block.at("identity_types_supported").as_array().empty());
  EXPECT_FALSE(block.contains("anonymous"));
}

TEST(Metadata, EveryResourceThatIsNamedHasADocument) {
  for (const bool owned : {true, false}) {
    Settings settings = settings_of_example();
    settings.owns_mcp = owned;
    settings.owns_a2a = owned;
    const Documents documents(settings);
    const auto named = named_resources(settings);
    EXPECT_EQ(named.size(), owned ? 5U : 3U);
    for (const std::string& resource : named) {
      const std::string path =
          "/.well-known/oauth-protected-resource" + resource.substr(settings.origin.size());
      EXPECT_EQ(document(documents, path).at("resource").as_string(), resource);
    }
    EXPECT_EQ(documents.find("/.well-known/oauth-protected-resource/mcp") != nullptr, owned);
  }
}

/// The names in the catalogue and the server card come from the origin, whatever it is.
TEST(Cards, TheNameIsTheHostFromItsEnd) {
  Settings settings;
  for (const auto& [origin, name, urn] :
       {std::tuple{"https://a.kronborg.example:8443", "example.kronborg.a/spaces",
                   "urn:air:a.kronborg.example:mcp:spaces"},
        std::tuple{"http://localhost:1337", "localhost/spaces", "urn:air:localhost:mcp:spaces"},
        std::tuple{"http://127.0.0.1:1337", "127.0.0.1/spaces", "urn:air:127.0.0.1:mcp:spaces"},
        std::tuple{"http://[::1]:1337", "--1/spaces", "urn:air:--1:mcp:spaces"}}) {
    settings.origin = origin;
    EXPECT_EQ(mcp_server_card(settings).at("name").as_string(), name);
    EXPECT_EQ(ai_catalog(settings).at("entries").at(0).at("identifier").as_string(), urn);
  }
}

TEST(Cards, TheToolListIsInOneOfThem) {
  Settings settings = settings_of_example();
  settings.mcp_tools = json::parse(R"([{"name":"create_space"}])");
  const Documents documents(settings);
  EXPECT_EQ(document(documents, "/.well-known/mcp/server-card.json").at("tools"),
            settings.mcp_tools);
  EXPECT_FALSE(document(documents, "/mcp/server-card").contains("tools"));
  EXPECT_LE(document(documents, "/mcp/server-card").at("description").as_string().size(), 100U);
}

TEST(Cards, AnUpstreamThatHasTheRootPathsLeavesTheTwins) {
  Settings settings = settings_of_example();
  settings.owns_mcp = false;
  settings.owns_a2a = false;
  const Documents documents(settings);
  for (const std::string_view path :
       {"/.well-known/mcp", "/.well-known/mcp.json", "/mcp/manifest.json", "/mcp/server-card",
        "/.well-known/mcp/server-card.json", "/.well-known/agent-card.json",
        "/.well-known/agent.json"}) {
    EXPECT_EQ(documents.find(path), nullptr) << path;
  }
  const json::object agent = document(documents, "/oresundspace/agent-card.json");
  EXPECT_EQ(agent.at("url").as_string(), "https://kronborg.example/oresundspace/a2a");
  for (const json::value& one : agent.at("supportedInterfaces").as_array()) {
    EXPECT_EQ(one.at("url").as_string(), "https://kronborg.example/oresundspace/a2a");
  }
  EXPECT_EQ(document(documents, "/oresundspace/mcp/server-card")
                .at("remotes")
                .at(0)
                .at("url")
                .as_string(),
            "https://kronborg.example/oresundspace/mcp");
  const json::object catalog = document(documents, "/.well-known/ai-catalog.json");
  EXPECT_EQ(catalog.at("entries").at(0).at("url").as_string(),
            "https://kronborg.example/oresundspace/mcp/server-card");
  EXPECT_EQ(catalog.at("entries").at(1).at("url").as_string(),
            "https://kronborg.example/oresundspace/agent-card.json");
}

}  // namespace
}  // namespace kronborg::api

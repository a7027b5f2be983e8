#include "api/openapi.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <map>
#include <set>

#include "api/documents.h"
#include "api/fixture_test.h"
#include "api/schema_test.h"
#include "base/error.h"
#include "base/json.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

struct Described {
  std::string path, method;
  const json::object* operation = nullptr;
};

std::vector<Described> operations(const json::value& document) {
  std::vector<Described> all;
  for (const auto& [path, item] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "parameters") continue;
      all.push_back({std::string(path), std::string(method), &operation.as_object()});
    }
  }
  return all;
}

const json::object& operation(std::string_view id) {
  for (const Described& one : operations(openapi())) {
    if (one.operation->at("operationId").as_string() == id) return *one.operation;
  }
  throw std::runtime_error("no operation " + std::string(id));
}

std::set<std::string> codes(std::string_view id, std::string_view status) {
  SchemaCheck check(openapi());
  const json::value& answer = check.resolved(operation(id).at("responses").at(status));
  const json::value& schema = answer.at("content").at("application/json").at("schema");
  std::set<std::string> found;
  for (const json::value& code : schema.at_pointer("/allOf/1/properties/code/enum").as_array()) {
    found.emplace(code.as_string());
  }
  return found;
}

/// docs/protocol/spaces.md section 3 by its routes, and the names of section 6 of discovery.md.
TEST(OpenApi, EveryRouteOfSpacesHasItsOperation) {
  const std::map<std::string, std::string> expected = {
      {"createSpace", "post /oresundspace/space"},
      {"listSpaces", "get /oresundspace/spaces"},
      {"whoAmI", "get /oresundspace/whoami"},
      {"getSpace", "get <space>"},
      {"updateSpace", "put <space>"},
      {"closeSpace", "delete <space>"},
      {"getSpaceKey", "get <space>/key"},
      {"recoverSpaceKey", "post <space>/key"},
      {"listKeys", "get <space>/keys"},
      {"rotateKey", "post <space>/keys/rotate"},
      {"revokeKey", "delete <space>/keys/{keyId}"},
      {"createInvitation", "post <space>/invite"},
      {"listInvitations", "get <space>/invitations"},
      {"getInvitation", "get <space>/invitations/{invitationId}"},
      {"revokeInvitation", "delete <space>/invitations/{invitationId}"},
      {"rotateInvitation", "post <space>/invitations/{invitationId}/rotate"},
      {"getCardByLink", "get /space/{spaceId}/{publicInvitationKey}/.well-known/agent.md"},
      {"getCard", "get /space/{spaceId}/.well-known/agent.md"},
      {"joinSpace", "post <space>/join"},
      {"getJoinStatus", "get <space>/join/{participantId}"},
      {"listParticipants", "get <space>/participants"},
      {"approveParticipant", "post <space>/participants/{participantId}/approve"},
      {"denyParticipant", "post <space>/participants/{participantId}/deny"},
      {"kickParticipant", "post <space>/participants/{participantId}/kick"},
      {"muteParticipant", "post <space>/participants/{participantId}/mute"},
      {"unmuteParticipant", "post <space>/participants/{participantId}/unmute"},
      {"reissueParticipant", "post <space>/participants/{participantId}/reissue"},
      {"leaveSpace", "post <space>/leave"},
      {"sendMessage", "post <space>/messages"},
      {"listMessages", "get <space>/messages"},
      {"streamMessages", "get <space>/messages/stream"},
      {"redactMessage", "delete <space>/messages/{messageId}"},
      {"createArtifact", "post <space>/artifacts"},
      {"listArtifacts", "get <space>/artifacts"},
      {"getArtifact", "get <space>/artifacts/{artifactId}"},
      {"writeArtifact", "put <space>/artifacts/{artifactId}"},
      {"deleteArtifact", "delete <space>/artifacts/{artifactId}"},
      {"listRevisions", "get <space>/artifacts/{artifactId}/revisions"},
      {"getRevision", "get <space>/artifacts/{artifactId}/revisions/{revision}"},
      {"lockArtifact", "post <space>/artifacts/{artifactId}/lock"},
      {"renewLock", "post <space>/artifacts/{artifactId}/lock/renew"},
      {"unlockArtifact", "post <space>/artifacts/{artifactId}/unlock"},
      {"signArtifact", "post <space>/artifacts/{artifactId}/signatures"},
      {"listSignatures", "get <space>/artifacts/{artifactId}/signatures"},
      {"requestChallenge", "post <space>/identity/challenge"},
      {"proveIdentity", "post <space>/identity"},
      {"removeIdentity", "delete <space>/identity"},
      {"exportSpace", "get <space>/export"},
      {"listSpaceAudit", "get <space>/audit"},
      {"startLink", "post /oresundspace/link/start"},
      {"revokeCredential", "post /oauth/revoke"},
      {"getJoinPage", "get /join/{spaceId}"},
      {"getJoinFile", "get /join/assets/{file}"}};
  std::map<std::string, std::string> found;
  for (const Described& one : operations(openapi())) {
    std::string path = one.path;
    constexpr std::string_view space = "/oresundspace/space/{spaceId}";
    if (path.starts_with(space)) path.replace(0, space.size(), "<space>");
    const std::string_view tag = one.operation->at("tags").at(0).as_string();
    if (tag == "management" || tag == "health" || tag == "discovery" || tag == "pairing") continue;
    found[std::string(one.operation->at("operationId").as_string())] = one.method + " " + path;
  }
  EXPECT_EQ(found, expected);
}

TEST(OpenApi, TheHeadIsAsItMustBe) {
  const json::value& document = openapi();
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(document.at("info").at("title").as_string(), "kronborg spaces API");
  EXPECT_EQ(document.at("info").at("version").as_string(), "1.2.0");
  EXPECT_EQ(document.at("servers"), json::parse(R"([{"url":"https://kronborg.example"}])"));
  std::vector<std::string> tags;
  for (const json::value& tag : document.at("tags").as_array())
    tags.emplace_back(tag.at("name").as_string());
  EXPECT_EQ(tags, (std::vector<std::string>{"spaces", "invitations", "participants", "messages",
                                            "artifacts", "linking", "keys", "identity", "oauth",
                                            "pairing", "discovery", "health", "management"}));
  const json::object& schemes = document.at_pointer("/components/securitySchemes").as_object();
  EXPECT_EQ(schemes.at("spaceKey").at("name").as_string(), "X-Private-Key");
  EXPECT_EQ(schemes.at("spaceKeyBearer").at("scheme").as_string(), "bearer");
  EXPECT_FALSE(schemes.contains("userToken")) << "no identity token is valid";
  EXPECT_FALSE(schemes.contains("session"));
}

TEST(OpenApi, EveryExampleFitsItsSchema) {
  SchemaCheck check(openapi());
  int tried = 0;
  const auto try_content = [&](const json::value& content, const std::string& where) {
    for (const auto& [type, media] : content.as_object()) {
      const json::value* example = media.as_object().if_contains("example");
      if (example == nullptr) continue;
      ++tried;
      for (const std::string& finding : check.findings(media.at("schema"), *example)) {
        ADD_FAILURE() << where << finding;
      }
    }
  };
  for (const Described& one : operations(openapi())) {
    const std::string id(one.operation->at("operationId").as_string());
    if (const json::value* body = one.operation->if_contains("requestBody"))
      try_content(body->at("content"), id + " request ");
    for (const auto& [status, answer] : one.operation->at("responses").as_object()) {
      const json::object& resolved = check.resolved(answer).as_object();
      if (resolved.contains("content"))
        try_content(resolved.at("content"), id + " " + std::string(status) + " ");
    }
  }
  EXPECT_GT(tried, 100);
}

/// What JSON a space takes and gives may grow: nothing undefined is refused by the description.
TEST(OpenApi, SpacesAllowMembersThatAreNotKnown) {
  for (const Described& one : operations(openapi())) {
    if (one.operation->at("tags").at(0).as_string() == "management") continue;
    EXPECT_EQ(base::to_text(*one.operation).find("\"additionalProperties\":false"),
              std::string::npos)
        << one.path;
  }
}

TEST(OpenApi, CodesStandUnderTheirStatus) {
  EXPECT_EQ(codes("sendMessage", "401"),
            (std::set<std::string>{"key_expired", "key_malformed", "key_missing", "key_revoked",
                                   "key_unknown", "space_closed"}));
  EXPECT_EQ(codes("sendMessage", "403"), (std::set<std::string>{"muted", "origin_not_allowed",
                                                                "role_forbidden", "wrong_space"}));
  EXPECT_EQ(codes("writeArtifact", "412"), std::set<std::string>{"revision_conflict"});
  EXPECT_TRUE(codes("writeArtifact", "409").contains("revision_conflict"));
  EXPECT_EQ(codes("writeArtifact", "423"), std::set<std::string>{"artifact_locked"});
  EXPECT_TRUE(codes("signArtifact", "400").contains("signature_invalid"))
      << "a space answers it with 400";
  EXPECT_EQ(codes("getRevision", "410"), std::set<std::string>{"revision_pruned"});
  EXPECT_TRUE(codes("getJoinStatus", "410").contains("join_expired"));
  EXPECT_TRUE(codes("startLink", "400").contains("anonymous_needs_no_registration"));
  EXPECT_FALSE(operation("startLink").at("responses").as_object().contains("200"));
  EXPECT_FALSE(operation("createSpace").at("responses").as_object().contains("422"))
      << "Idempotency-Key is ignored there";
}

TEST(OpenApi, AKeyIsAskedForWhereOneIsNeeded) {
  for (const std::string_view id : {"createSpace", "listSpaces", "getCardByLink", "startLink",
                                    "revokeCredential", "getAuthGuide"}) {
    EXPECT_TRUE(operation(id).at("security").as_array().empty()) << id;
  }
  for (const std::string_view id : {"whoAmI", "joinSpace", "listMessages", "exportSpace"}) {
    EXPECT_EQ(operation(id).at("security"),
              json::parse(R"([{"spaceKey":[]},{"spaceKeyBearer":[]}])"))
        << id;
  }
}

TEST(OpenApi, WithoutSpacesItDescribesTheRest) {
  Settings settings;
  settings.origin = "https://kronborg.example";
  settings.spaces_enabled = false;
  const json::value document = json::parse(Documents(settings).answer("/openapi.json", "").body);
  EXPECT_EQ(document.at("info").at("title").as_string(), "kronborg API");
  std::set<std::string> tags;
  for (const Described& one : operations(document)) {
    tags.emplace(one.operation->at("tags").at(0).as_string());
  }
  EXPECT_EQ(tags, (std::set<std::string>{"discovery", "health", "management", "pairing"}));
  EXPECT_FALSE(document.at_pointer("/components/securitySchemes").as_object().contains("spaceKey"));
}

/// Examples are what people copy.
class OpenApiExamples : public ApiTest {};

TEST_F(OpenApiExamples, OfManagementAreRequestsThatAreUnderstood) {
  int tried = 0;
  for (const Described& one : operations(openapi())) {
    if (one.method != "post" || !one.path.starts_with("/api/v1/")) continue;
    if (!one.operation->contains("requestBody")) continue;
    const json::object& content =
        one.operation->at("requestBody").at("content").at("application/json").as_object();
    if (!content.contains("example")) continue;
    std::string target = one.path;
    if (const auto open = target.find('{'); open != std::string::npos)
      target.replace(open, target.find('}') - open + 1, "none");
    const auto answer = post(target, base::to_text(content.at("example")));
    EXPECT_NE(answer.code().substr(0, 8), "invalid_") << target << answer.response.body;
    EXPECT_NE(answer.code(), "unknown_member") << target;
    EXPECT_NE(answer.code(), "missing_member") << target;
    ++tried;
  }
  EXPECT_GE(tried, 10);
}

}  // namespace
}  // namespace kronborg::api

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "model_spaces/spaces_history.h"

// Messages and artifacts: docs/protocol/spaces.md sections 8 and 9.

namespace kronborg::model_spaces {

namespace json = boost::json;

void History::send() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  const std::string content = "message " + std::to_string(++names_);
  const Answer answer = ask({.method = "POST",
                             .path = path(at, "/messages"),
                             .body = json::serialize(json::object{{"content", content}})},
                            key.text);
  if (!expect(answer, "send", refused(key, at, "op", true))) return;
  space.messages.push_back({.id = answer.text("id"), .author = key.holder, .content = content});
  EXPECT_EQ(answer.number("seq"), std::ssize(space.messages));
}

void History::redact() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  if (space.messages.empty()) return;
  Message& message = space.messages[below(space.messages.size())];
  if (message.id.empty()) return;
  std::string wanted = refused(key, at, "op", true);
  if (wanted.empty() && key.type != "owner" && message.author != key.holder)
    wanted = "role_forbidden";
  if (wanted.empty() && message.system) wanted = "message_state";
  if (!expect(ask({.method = "DELETE", .path = path(at, "/messages/" + message.id)}, key.text),
              "redact", wanted))
    return;
  message.redacted = true;
  message.content.clear();
}

void History::create_artifact() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  Artifact made{.name = "document " + std::to_string(below(8)),
                .content = "text " + std::to_string(++names_),
                .creator = key.holder};
  std::string wanted = refused(key, at, "op", true);
  const bool taken = std::ranges::any_of(
      space.artifacts, [&](const Artifact& one) { return !one.deleted && one.name == made.name; });
  if (wanted.empty() && taken) wanted = "artifact_name_taken";
  const json::object body{{"name", made.name}, {"content", made.content}};
  const Answer answer = ask(
      {.method = "POST", .path = path(at, "/artifacts"), .body = json::serialize(body)}, key.text);
  if (!expect(answer, "create artifact", wanted)) return;
  made.id = answer.text("artifactId");
  made.etag = answer.etag();
  EXPECT_TRUE(made.etag.starts_with("\"1-")) << made.etag;
  space.artifacts.push_back(std::move(made));
  model_.say(space);
}

Artifact* History::any_artifact(std::size_t space) {
  auto& artifacts = model_.spaces[space].artifacts;
  return artifacts.empty() ? nullptr : &artifacts[below(artifacts.size())];
}

std::string History::condition(const Artifact* artifact, const Key& key, Sent& sent,
                               json::object& body) {
  const bool locked = model_.is_locked(*artifact);
  const bool mine = locked && artifact->holder == key.holder;
  bool token = false, right_token = false, wrong_tag = false;
  if (one_in(mine ? 1 : 4) && !one_in(4)) {
    const std::int64_t number = one_in(4) ? artifact->last_token + 1 : artifact->last_token;
    body["fencingToken"] = number;
    token = true;
    right_token = mine && number == artifact->last_token;
  }
  if (one_in(2)) {
    wrong_tag = one_in(3);
    sent.if_match = wrong_tag ? "\"0-0123456789abcdef\"" : artifact->etag;
  }
  if (locked && (!token || !mine)) return "artifact_locked";
  if (token && !right_token) return "lock_lost";
  return wrong_tag ? "revision_conflict" : "";
}

void History::write_artifact() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Artifact* artifact = any_artifact(at);
  if (artifact == nullptr) return;
  Sent sent{.method = "PUT", .path = path(at, "/artifacts/" + artifact->id)};
  const bool changes = !one_in(6);
  const std::string content = changes ? "text " + std::to_string(++names_) : artifact->content;
  json::object body{{"content", content}};
  const std::string refusal = condition(artifact, key, sent, body);
  std::string wanted = refused(key, at, "op", true);
  if (wanted.empty()) wanted = artifact->deleted ? "not_found" : refusal;
  sent.body = json::serialize(body);
  const Answer answer = ask(sent, key.text);
  if (wanted == "revision_conflict")
    EXPECT_EQ(answer.number("currentRevision"), artifact->revision);
  if (!expect(answer, "write", wanted)) return;
  if (content != artifact->content) ++artifact->revision;
  artifact->content = content;
  EXPECT_EQ(answer.number("revision"), artifact->revision);
  EXPECT_EQ(answer.etag() == artifact->etag, !changes);
  artifact->etag = answer.etag();
}

void History::delete_artifact() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Artifact* artifact = any_artifact(at);
  if (artifact == nullptr) return;
  Sent sent{.method = "DELETE", .path = path(at, "/artifacts/" + artifact->id)};
  json::object body;
  const std::string refusal = condition(artifact, key, sent, body);
  std::string wanted = refused(key, at, "op", true);
  if (wanted.empty() && artifact->deleted) wanted = "not_found";
  if (wanted.empty() && key.type != "owner" && artifact->creator != key.holder)
    wanted = "role_forbidden";
  if (wanted.empty()) wanted = refusal;
  if (!body.empty()) sent.body = json::serialize(body);
  if (!expect(ask(sent, key.text), "delete artifact", wanted)) return;
  artifact->deleted = true;
  artifact->lock_until_ms = 0;
  model_.say(model_.spaces[at]);
}

void History::lock() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Artifact* artifact = any_artifact(at);
  if (artifact == nullptr) return;
  const auto lease_s = static_cast<std::int64_t>(10 + below(590));
  std::string wanted = refused(key, at, "op", true);
  if (wanted.empty() && artifact->deleted) wanted = "not_found";
  if (wanted.empty() && model_.is_locked(*artifact)) wanted = "artifact_locked";
  const Answer answer = ask({.method = "POST",
                             .path = path(at, "/artifacts/" + artifact->id + "/lock"),
                             .body = json::serialize(json::object{{"leaseSeconds", lease_s}})},
                            key.text);
  if (wanted == "artifact_locked") EXPECT_EQ(answer.text("lockedBy"), artifact->holder);
  if (!expect(answer, "lock", wanted)) return;
  EXPECT_EQ(answer.number("fencingToken"), artifact->last_token + 1);
  artifact->last_token = answer.number("fencingToken");
  artifact->holder = key.holder;
  artifact->lock_until_ms = model_.now_ms + lease_s * 1000;
}

void History::unlock() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Artifact* artifact = any_artifact(at);
  if (artifact == nullptr) return;
  const bool locked = model_.is_locked(*artifact);
  const bool mine = locked && artifact->holder == key.holder;
  const bool force = one_in(3);
  const std::int64_t token = artifact->last_token - (one_in(4) && artifact->last_token > 0 ? 1 : 0);
  std::string wanted = refused(key, at, "op", true);
  if (wanted.empty() && artifact->deleted) wanted = "not_found";
  if (wanted.empty() && force && locked && !mine && key.type != "owner") wanted = "role_forbidden";
  if (wanted.empty() && !force && (!mine || token != artifact->last_token)) wanted = "lock_lost";
  json::object body;
  if (force) {
    body["force"] = true;
  } else {
    body["fencingToken"] = token;
  }
  const Answer answer = ask({.method = "POST",
                             .path = path(at, "/artifacts/" + artifact->id + "/unlock"),
                             .body = json::serialize(body)},
                            key.text);
  if (!expect(answer, "unlock", wanted)) return;
  EXPECT_EQ(answer.body.at("changed").as_bool(), locked);
  artifact->lock_until_ms = 0;
}

}  // namespace kronborg::model_spaces

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "model_spaces/spaces_history.h"

// What can be read, against the model.

namespace kronborg::model_spaces {

namespace json = boost::json;

void History::check() {
  const bool thorough = step_ % 25 == 0;
  check_keys(thorough ? 1 : 20);
  for (std::size_t i = 0; i < model_.spaces.size(); ++i) {
    if (!thorough && !one_in(5 * model_.spaces.size())) continue;
    if (any_live_key(i, true) == nullptr) continue;
    check_messages(i);
    check_people(i);
    check_artifacts(i);
  }
}

Key* History::any_live_key(std::size_t space, bool owner) {
  for (Key& key : model_.keys) {
    if (key.space == space && model_.is_live(key) && (key.type == "owner") == owner) return &key;
  }
  return nullptr;
}

void History::check_keys(std::size_t share) {
  for (const Key& key : model_.keys) {
    if (!one_in(share)) continue;
    const auto end = model_.end_of(key);
    // Remembered for 90 days.
    if (end && model_.now_ms - end->at_ms >= 90 * day_ms) continue;
    const Answer answer = ask({.method = "GET", .path = "/oresundspace/whoami"}, key.text);
    if (!end) {
      EXPECT_EQ(answer.status, 200) << json::serialize(answer.body);
      EXPECT_EQ(answer.text("keyType"), key.type);
      EXPECT_EQ(answer.text("spaceId"), model_.spaces[key.space].id);
      continue;
    }
    ++answers_["dead " + end->code];
    EXPECT_EQ(answer.status, 401) << "dead: " << end->reason;
    EXPECT_EQ(answer.text("code"), end->code) << json::serialize(answer.body);
    EXPECT_EQ(answer.text("reason"), end->reason) << json::serialize(answer.body);
  }
}

void History::check_messages(std::size_t at) {
  Space& space = model_.spaces[at];
  const Key* key = any_live_key(at, true);
  std::string cursor;
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const std::string query = "/messages?limit=200" + (cursor.empty() ? "" : "&cursor=" + cursor);
    const Answer answer = ask({.method = "GET", .path = path(at, query)}, key->text);
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.number("lastSeq"), std::ssize(space.messages));
    for (const json::value& item : answer.body.at("messages").as_array()) {
      const json::object& shown = item.as_object();
      ASSERT_LT(seen, space.messages.size());
      Message& message = space.messages[seen++];
      EXPECT_EQ(shown.at("seq").as_int64(), static_cast<std::int64_t>(seen));
      const std::string id(shown.at("id").as_string());
      if (message.system && message.id.empty()) message.id = id;
      EXPECT_EQ(id, message.id);
      EXPECT_EQ(shown.at("type") == "system", message.system);
      EXPECT_EQ(shown.contains("redacted"), message.redacted);
      if (!message.system) EXPECT_EQ(shown.at("content").as_string(), message.content);
    }
    more = answer.body.at("hasMore").as_bool();
    cursor = answer.text("cursor");
  }
  EXPECT_EQ(seen, space.messages.size());
}

void History::check_people(std::size_t at) {
  const Space& space = model_.spaces[at];
  for (const char* status : {"pending", "active", "left", "kicked", "denied", "expired"}) {
    std::map<std::string, bool> wanted, got;
    for (const auto& [id, one] : space.people) {
      if (model_.status_of(space, one) == status) wanted[id] = model_.is_muted(one);
    }
    const Answer answer =
        ask({.method = "GET", .path = path(at, std::string("/participants?status=") + status)},
            any_live_key(at, true)->text);
    ASSERT_EQ(answer.status, 200);
    for (const json::value& item : answer.body.at("participants").as_array()) {
      got[std::string(item.at("participantId").as_string())] = item.at("muted").as_bool();
    }
    if (wanted.size() <= 200) EXPECT_EQ(got, wanted) << status;
  }
}

void History::check_artifacts(std::size_t at) {
  for (const Artifact& artifact : model_.spaces[at].artifacts) {
    const Answer answer = ask({.method = "GET", .path = path(at, "/artifacts/" + artifact.id)},
                              any_live_key(at, true)->text);
    EXPECT_EQ(answer.status, artifact.deleted ? 404 : 200);
    if (artifact.deleted || answer.status != 200) continue;
    EXPECT_EQ(answer.number("revision"), artifact.revision);
    EXPECT_EQ(answer.text("content"), artifact.content);
    EXPECT_EQ(answer.etag(), artifact.etag);
    const json::value* lock = answer.body.if_contains("lock");
    ASSERT_EQ(lock != nullptr, model_.is_locked(artifact));
    if (lock != nullptr) EXPECT_EQ(lock->at("lockedBy").as_string(), artifact.holder);
  }
}

}  // namespace kronborg::model_spaces

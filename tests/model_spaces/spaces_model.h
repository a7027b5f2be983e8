#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// The rules of docs/protocol/spaces.md sections 2, 4 to 9 and 11, as they are written there and
// without any thought of speed. It shares no code with the product.

namespace kronborg::model_spaces {

inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t never = INT64_MAX;

struct End {
  std::int64_t at_ms = 0;
  std::string code = {}, reason = {};
};

struct Key {
  std::string text = {}, id = {};
  std::string type = {};  // owner, participant, observer, invitation
  std::size_t space = 0;
  std::string holder = {};  // participant or invitation
  std::size_t agent = 0;
  std::optional<End> due = {};    // comes by itself
  std::optional<End> ended = {};  // by an act
};

struct Participant {
  std::string id = {}, status = {}, type = {}, invitation = {};
  std::optional<std::string> join_token = {};
  std::int64_t muted_until_ms = 0;  // never: without end
  std::int64_t request_ends_ms = 0;
  std::optional<std::int64_t> key_life_s = {};
  bool key_wanted = false;
};

struct Invitation {
  std::string id = {}, type = {}, key = {};  // text of its key
  std::int64_t ends_ms = 0;
  int uses = 0, max_uses = 0;
  bool requires_approval = false;
};

struct Message {
  std::string id = {};  // unknown of a system message until it is read
  std::string author = {}, content = {};
  bool system = false, redacted = false;
};

struct Artifact {
  std::string id = {}, name = {}, content = {}, etag = {}, creator = {};
  std::int64_t revision = 1;
  bool deleted = false;
  std::int64_t last_token = 0;
  std::string holder = {};
  std::int64_t lock_until_ms = 0;
};

struct Space {
  std::string id = {}, owner = {};
  std::optional<End> ttl = {}, closed = {};
  std::vector<Message> messages = {};
  std::map<std::string, Participant> people = {};
  std::map<std::string, Invitation> invitations = {};
  std::vector<Artifact> artifacts = {};
};

class Model {
 public:
  std::int64_t now_ms = 0;
  std::vector<Space> spaces;
  std::vector<Key> keys;

  [[nodiscard]] bool is_open(const Space& space) const {
    return !space.closed && !(space.ttl && space.ttl->at_ms <= now_ms);
  }
  /// Why a key is dead; nothing while it lives.
  [[nodiscard]] std::optional<End> end_of(const Key& key) const {
    if (key.ended) return key.ended;
    const Space& space = spaces[key.space];
    std::optional<End> first;
    for (const auto& end : {key.due, space.ttl, space.closed}) {
      if (end && end->at_ms <= now_ms && (!first || end->at_ms < first->at_ms)) first = end;
    }
    return first;
  }
  [[nodiscard]] bool is_live(const Key& key) const { return !end_of(key); }
  [[nodiscard]] bool is_muted(const Participant& who) const { return who.muted_until_ms > now_ms; }
  [[nodiscard]] std::string status_of(const Space& space, const Participant& who) const {
    if (who.status == "pending" && (who.request_ends_ms <= now_ms || !is_open(space)))
      return "expired";
    return who.status;
  }
  [[nodiscard]] bool is_locked(const Artifact& artifact) const {
    return artifact.lock_until_ms > now_ms;
  }
  void end(Key& key, const std::string& reason) {
    if (is_live(key)) key.ended = End{now_ms, "key_revoked", reason};
  }
  void end_all(std::size_t space, const std::string& holder, const std::string& reason) {
    for (Key* key : live_of(space, holder)) end(*key, reason);
  }
  std::vector<Key*> live_of(std::size_t space, const std::string& holder) {
    std::vector<Key*> live;
    for (Key& key : keys) {
      if (key.space == space && key.holder == holder && is_live(key)) live.push_back(&key);
    }
    return live;
  }
  void release(Space& space, const std::string& holder) {
    for (Artifact& artifact : space.artifacts) {
      if (artifact.holder == holder) artifact.lock_until_ms = 0;
    }
  }
  /// A lock whose holder has lost its last key to time: the server notices within a second.
  bool release_of_the_gone() {
    bool any = false;
    for (std::size_t i = 0; i < spaces.size(); ++i) {
      for (Artifact& artifact : spaces[i].artifacts) {
        if (!is_locked(artifact) || !live_of(i, artifact.holder).empty()) continue;
        artifact.lock_until_ms = 0;
        any = true;
      }
    }
    return any;
  }
  void say(Space& space) { space.messages.push_back({.system = true}); }
};

}  // namespace kronborg::model_spaces

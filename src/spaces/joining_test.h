#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "spaces/fixture_test.h"
#include "spaces/invitation.h"
#include "spaces/join.h"
#include "spaces/participant.h"

namespace kronborg::spaces {

inline NewInvitation invitation_of(std::int64_t max_uses, bool requires_approval,
                                   KeyType type = KeyType::participant) {
  return {.key_type = type,
          .expires_in_s = 86'400,
          .max_uses = max_uses,
          .requires_approval = requires_approval,
          .label = "for the seller"};
}

/// A space with its owner, and what happens at its door.
class JoiningTest : public SpacesTest {
 protected:
  void SetUp() override {
    SpacesTest::SetUp();
    owner = open();
    ears.take();
  }

  template <class F>
  auto in_space(F&& work) {
    return write(
        [&](Act& act) {
          const auto space = read_space(act, owner.space);
          return work(act, space.value());
        },
        by(owner));
  }
  base::Result<Invited> invite(const NewInvitation& wanted) {
    return in_space(
        [&](Act& act, const Space& space) { return spaces::invite(act, space, wanted); });
  }
  Invitation invitation(const std::string& id) {
    return read([&](Act& act) { return read_invitation(act, owner.space, id); }).value();
  }
  /// As the pipeline does it: the key must be alive.
  base::Result<Joined> join(const credential::SpaceKey& key, const NewJoin& wanted) {
    return write([&](Act& act) -> base::Result<Joined> {
      TRY(const auto found, read_key(act.run, key.hash(), act.now_ms));
      const auto* alive = std::get_if<Caller>(&found);
      if (alive == nullptr) return base::Code::key_unknown;
      return spaces::join(act, *alive, wanted);
    });
  }
  base::Result<Joined> join(const Invited& invited, std::string_view name) {
    NewJoin wanted;
    wanted.name = name;
    return join(invited.key, wanted);
  }
  /// With a key that may be dead, as Caller of waiting_joiner().
  base::Result<JoinState> poll(const Invited& invited, std::string_view id,
                               const std::optional<credential::SpaceKeyHash>& token) {
    return write([&](Act& act) -> base::Result<JoinState> {
      Caller caller;
      caller.space = owner.space;
      caller.holder = uuid_of(invited.invitation.id).value();
      caller.type = KeyType::invitation;
      return poll_join(act, caller, id, token, true);
    });
  }
  /// `pending`, `approved` with how far its key has come, or the code and `status` of a refusal.
  std::string polled(const Invited& invited, std::string_view id,
                     const std::optional<credential::SpaceKeyHash>& token) {
    const auto state = poll(invited, id, token);
    if (!state) {
      std::string text = code_of(state);
      for (const auto& detail : state.error().details) {
        if (const auto* value = std::get_if<std::string>(&detail.value)) text += " " + *value;
      }
      return text;
    }
    switch (state->kind) {
      case JoinState::Kind::pending:
        return "pending";
      case JoinState::Kind::needs_token:
        return "needs joinToken";
      case JoinState::Kind::delivered:
        return "delivered";
      case JoinState::Kind::collect_now:
        return state->key ? "a key" : "no key";
    }
    return "";
  }
  base::Result<Participant> approve(const std::string& id) {
    return in_space([&](Act& act, const Space& space) { return spaces::approve(act, space, id); });
  }
  Participant participant(const std::string& id) {
    return read([&](Act& act) { return read_participant(act, owner.space, id); }).value();
  }
  /// What the system has said in the space, in order.
  std::vector<std::string> said() {
    std::vector<std::string> contents;
    const auto asked = parts().database.read([&](sql::Transaction& run) -> base::Result<void> {
      TRY(const auto answer, run("SELECT content FROM space_messages WHERE sender_id IS NULL "
                                 "ORDER BY space, seq"));
      for (const sql::Row& row : answer.rows) contents.push_back(row.text(0));
      return {};
    });
    EXPECT_EQ(code_of(asked), "ok");
    return contents;
  }
  /// `action name`, with `(owner)` behind what the owner alone is told, since the last call.
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    for (const auto& heard : ears.take()) {
      if (heard.notice->kind != NoticeKind::participant) continue;
      const auto data = base::parse_json(heard.notice->data).value().as_object();
      std::string line(data.at("action").as_string());
      line += " ";
      line += std::string(data.at("participant").at("name").as_string());
      if (heard.notice->audience == Audience::owner) line += " (owner)";
      lines.push_back(std::move(line));
    }
    return lines;
  }

  Member owner;
};

}  // namespace kronborg::spaces

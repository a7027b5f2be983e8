#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "model_spaces/spaces_history.h"

// Invitations, joins, participants and keys: docs/protocol/spaces.md sections 5, 6, 7 and 11.

namespace kronborg::model_spaces {

namespace json = boost::json;

Participant History::any_person(std::size_t space) {
  const auto& people = model_.spaces[any_space(space)].people;
  return std::next(people.begin(), static_cast<std::ptrdiff_t>(below(people.size())))->second;
}

void History::add_invitation(std::size_t space, const Answer& answer, Invitation invitation) {
  invitation.id = answer.text("invitationId");
  invitation.key = answer.text("publicInvitationKey");
  add_key(invitation.key, "", "invitation", space, invitation.id,
          invitation.ends_ms - model_.now_ms);
  model_.spaces[space].invitations[invitation.id] = invitation;
}

void History::invite() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  Invitation made{.type = one_in(5) ? "observer" : "participant",
                  .max_uses = static_cast<int>(1 + below(3)),
                  .requires_approval = one_in(2)};
  const auto life_s = static_cast<std::int64_t>(60 + below(one_in(3) ? 600 : 500'000));
  made.ends_ms = model_.now_ms + life_s * 1000;
  if (space.ttl) made.ends_ms = std::min(made.ends_ms, space.ttl->at_ms);
  std::string wanted = refused(key, at, "o", false);
  const auto live = std::ranges::count_if(model_.keys, [&](const Key& one) {
    return one.space == at && one.type == "invitation" && model_.is_live(one);
  });
  if (wanted.empty() && live >= 50) wanted = "limit_reached";
  const json::object body{{"role", made.type},
                          {"maxUses", made.max_uses},
                          {"expiresIn", life_s},
                          {"requiresApproval", made.requires_approval}};
  const Answer answer =
      ask({.method = "POST", .path = path(at, "/invite"), .body = json::serialize(body)}, key.text);
  if (expect(answer, "invite", wanted)) add_invitation(at, answer, made);
}

void History::join() {
  const Key key = model_.keys[any_key("invitation")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  std::string wanted = refused(key, at, "i", false);
  Participant person;
  Sent sent{.method = "POST", .path = path(at, "/join")};
  json::object body{{"name", "agent " + std::to_string(++names_)}};
  if (one_in(3)) body["keyExpiresIn"] = *(person.key_life_s = 3'600 + std::int64_t(below(90'000)));
  if (one_in(2)) person.join_token = sent.join_token = new_token();
  sent.body = json::serialize(body);
  bool pending = false;
  if (wanted.empty()) {
    pending = space.invitations.at(key.holder).requires_approval;
    const auto waiting = std::ranges::count_if(space.people, [&](const auto& one) {
      return model_.status_of(space, one.second) == (pending ? "pending" : "active");
    });
    if (waiting >= (pending ? 50 : 200)) wanted = "limit_reached";
  }
  const Answer answer = ask(sent, key.text);
  if (!expect(answer, "join", wanted)) return;
  EXPECT_EQ(answer.status, pending ? 202 : 200);
  Invitation& invitation = space.invitations.at(key.holder);
  person.id = answer.text("participantId");
  person.type = invitation.type;
  person.invitation = invitation.id;
  person.status = pending ? "pending" : "active";
  person.request_ends_ms = model_.now_ms + 7 * day_ms;
  if (pending && !person.join_token) person.join_token = answer.text("joinToken");
  if (!pending) {
    std::optional<std::int64_t> life_ms;
    if (person.key_life_s) life_ms = *person.key_life_s * 1000;
    add_key(answer.text("participantPrivateKey"), answer.text("keyId"), person.type, at, person.id,
            life_ms);
    model_.say(space);
    EXPECT_EQ(answer.number("lastSeq"), std::ssize(space.messages));
  }
  space.people[person.id] = person;
  if (++invitation.uses < invitation.max_uses) return;
  for (Key* used : model_.live_of(at, invitation.id)) {
    used->ended = End{model_.now_ms, "key_expired", "max_uses"};
  }
}

void History::poll() {
  const std::size_t at = model_.keys[any_key("participant")].space;
  Space& space = model_.spaces[at];
  std::vector<std::string> joined, wanting;
  for (const auto& [id, one] : space.people) {
    if (one.invitation.empty()) continue;
    joined.push_back(id);
    if (one.key_wanted) wanting.push_back(id);
  }
  if (joined.empty()) return;
  const auto& from = wanting.empty() || one_in(3) ? joined : wanting;
  Participant& person = space.people.at(from[below(from.size())]);
  const Key* found = nullptr;
  for (const Key& one : model_.keys) {
    if (one.holder == person.invitation) found = &one;
  }
  if (found == nullptr) return;
  const Key key = *found;
  Sent sent{.method = "GET", .path = path(at, "/join/" + person.id)};
  if (person.join_token && !one_in(5)) sent.join_token = *person.join_token;
  if (one_in(40)) sent.join_token = new_token();
  if (one_in(3)) sent.idempotency = "poll-" + std::to_string(++names_);
  const bool right = person.join_token && sent.join_token == *person.join_token;
  const std::string status = model_.status_of(space, person);
  std::string wanted;
  // With the right token the end of the invitation ends joining, not waiting.
  if (const auto end = model_.end_of(key); end && (!right || !model_.is_open(space))) {
    wanted = end->code;
    if (right) wanted = "space_closed";
  } else if (!sent.join_token.empty() && !right) {
    wanted = "join_token_invalid";
  } else if (status == "denied") {
    wanted = "join_denied";
  } else if (status == "expired") {
    wanted = "join_expired";
  } else if (status != "pending" && status != "active") {
    wanted = "participant_removed";
  }
  const Answer answer = ask(sent, key.text);
  // With a token, of a dead invitation in a space that has ended, either end may be told.
  if (!sent.join_token.empty() && !model_.is_open(space) && answer.status == 401) {
    const auto end = model_.end_of(key);
    const std::string code = answer.text("code");
    if (code == "space_closed" || (end && end->code == code)) wanted = code;
  }
  if (!expect(answer, "poll", wanted)) return;
  const std::string delivered = answer.text("participantPrivateKey");
  EXPECT_EQ(answer.status, status == "pending" ? 202 : 200);
  EXPECT_EQ(!delivered.empty(), status == "active" && person.key_wanted && right);
  if (delivered.empty()) return;
  person.key_wanted = false;
  std::optional<std::int64_t> life_ms;
  if (person.key_life_s) life_ms = *person.key_life_s * 1000;
  add_key(delivered, answer.text("keyId"), person.type, at, person.id, life_ms);
  const Answer again = ask(sent, key.text);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.text("participantPrivateKey"), sent.idempotency.empty() ? "" : delivered);
  ++answers_[sent.idempotency.empty() ? "delivery once" : "delivery repeated"];
}

void History::approve() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  Participant person = any_person(at);
  for (const auto& [id, one] : space.people) {
    if (model_.status_of(space, one) == "pending" && !one_in(3)) person = one;
  }
  std::string wanted = refused(key, at, "o", false);
  const bool here = space.people.contains(person.id);
  const std::string status = here ? model_.status_of(space, person) : "";
  if (wanted.empty() && !here) wanted = "not_found";
  if (wanted.empty() && status != "pending" && status != "active") wanted = "participant_state";
  if (!expect(ask({.method = "POST", .path = path(at, "/participants/" + person.id + "/approve")},
                  key.text),
              "approve", wanted) ||
      status != "pending")
    return;
  space.people.at(person.id).status = "active";
  space.people.at(person.id).key_wanted = true;
  model_.say(space);
}

void History::deny() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  const Participant person = any_person(at);
  std::string wanted = refused(key, at, "o", false);
  const bool here = space.people.contains(person.id);
  const std::string status = here ? model_.status_of(space, person) : "";
  if (wanted.empty() && !here) wanted = "not_found";
  if (wanted.empty() && status != "pending" && status != "denied") wanted = "participant_state";
  if (expect(ask({.method = "POST", .path = path(at, "/participants/" + person.id + "/deny")},
                 key.text),
             "deny", wanted))
    space.people.at(person.id).status = "denied";
}

void History::replace_invitation(std::size_t space, const Invitation& old, const json::object& by) {
  model_.end_all(space, old.id, "invitation_rotated");
  add_invitation(space, Answer{.status = 200, .body = by, .tag = {}}, old);
}

void History::kick() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  const Participant person = any_person(at);
  const bool rotates = one_in(2);
  std::string wanted = refused(key, at, "o", false);
  const bool here = space.people.contains(person.id);
  const std::string status = here ? model_.status_of(space, person) : "";
  if (wanted.empty() && !here) wanted = "not_found";
  if (wanted.empty() && person.type == "owner") wanted = "owner_protected";
  if (wanted.empty() && status != "pending" && status != "active" && status != "kicked")
    wanted = "participant_state";
  const json::object body{{"rotateInvitations", rotates}};
  const Answer answer = ask({.method = "POST",
                             .path = path(at, "/participants/" + person.id + "/kick"),
                             .body = json::serialize(body)},
                            key.text);
  if (!expect(answer, "kick", wanted) || status == "kicked") return;
  Participant& gone = space.people.at(person.id);
  gone.status = "kicked";
  gone.key_wanted = false;
  model_.end_all(at, gone.id, "kicked");
  model_.release(space, gone.id);
  if (status == "active") model_.say(space);
  const auto& rotated = answer.body.at("rotatedInvitations").as_array();
  const bool had = rotates && !model_.live_of(at, gone.invitation).empty();
  ASSERT_EQ(rotated.size(), had ? 1U : 0U);
  if (!had) return;
  const Invitation old = space.invitations.at(gone.invitation);
  replace_invitation(at, old, rotated.front().as_object());
}

void History::mute() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  const Participant person = any_person(at);
  std::string wanted = refused(key, at, "o", false);
  const bool here = space.people.contains(person.id);
  if (wanted.empty() && !here) wanted = "not_found";
  if (wanted.empty() && person.type == "owner") wanted = "owner_protected";
  if (wanted.empty() && person.status != "active") wanted = "participant_state";
  Sent sent{.method = "POST", .path = path(at, "/participants/" + person.id + "/mute")};
  std::int64_t until = never;
  if (!one_in(5)) {
    const auto seconds = static_cast<std::int64_t>(60 + below(2'000));
    until = model_.now_ms + seconds * 1000;
    sent.body = json::serialize(json::object{{"durationSeconds", seconds}});
  }
  if (!expect(ask(sent, key.text), "mute", wanted)) return;
  if (!model_.is_muted(person)) model_.say(space);
  space.people.at(person.id).muted_until_ms = until;
  model_.release(space, person.id);
}

void History::unmute() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  const Participant person = any_person(at);
  std::string wanted = refused(key, at, "o", false);
  const bool here = space.people.contains(person.id);
  const bool muted = model_.is_muted(person);
  if (wanted.empty() && !here) wanted = "not_found";
  if (wanted.empty() && muted && person.status != "active") wanted = "participant_state";
  if (!expect(ask({.method = "POST", .path = path(at, "/participants/" + person.id + "/unmute")},
                  key.text),
              "unmute", wanted) ||
      !muted)
    return;
  space.people.at(person.id).muted_until_ms = 0;
  model_.say(space);
}

void History::reissue() {
  const Key key = model_.keys[any_key("owner")];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  const Participant person = any_person(at);
  std::string wanted = refused(key, at, "o", false);
  const bool here = space.people.contains(person.id);
  if (wanted.empty() && !here) wanted = "not_found";
  if (wanted.empty() && person.type == "owner") wanted = "owner_protected";
  if (wanted.empty() && (person.status != "active" || !person.join_token))
    wanted = "participant_state";
  if (!expect(ask({.method = "POST", .path = path(at, "/participants/" + person.id + "/reissue")},
                  key.text),
              "reissue", wanted))
    return;
  space.people.at(person.id).key_wanted = true;
  model_.end_all(at, person.id, "reissued");
  model_.release(space, person.id);
}

void History::leave() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  Space& space = model_.spaces[at];
  std::string wanted = refused(key, at, "opv", false);
  if (wanted.empty() && key.type == "owner") wanted = "owner_protected";
  if (!expect(ask({.method = "POST", .path = path(at, "/leave")}, key.text), "leave", wanted))
    return;
  space.people.at(key.holder).status = "left";
  model_.end_all(at, key.holder, "left");
  model_.release(space, key.holder);
  model_.say(space);
}

void History::rotate() {
  const Key key = model_.keys[any_key()];
  const std::size_t at = any_space(key.space);
  const std::int64_t grace_s = one_in(2) ? 0 : static_cast<std::int64_t>(1 + below(5'000));
  const Answer answer = ask({.method = "POST",
                             .path = path(at, "/keys/rotate"),
                             .body = json::serialize(json::object{{"graceSeconds", grace_s}})},
                            key.text);
  if (!expect(answer, "rotate", refused(key, at, "opv", false))) return;
  const auto live = model_.live_of(at, key.holder);
  EXPECT_EQ(answer.text("previousKeyId"), live.back()->id);
  for (Key* old : live) {
    if (grace_s == 0 || old != live.back()) {
      model_.end(*old, "rotated");
    } else if (const std::int64_t until = model_.now_ms + grace_s * 1000;
               !old->due || old->due->at_ms > until) {
      old->due = End{until, "key_revoked", "rotated"};
    }
  }
  EXPECT_LE(model_.live_of(at, key.holder).size(), 1U);
  add_key(answer.text(key.type == "owner" ? "ownerPrivateKey" : "participantPrivateKey"),
          answer.text("keyId"), key.type, at, key.holder, {});
}

void History::revoke_key() {
  const Key key = model_.keys[any_key()];
  const Key victim = model_.keys[any_key()];
  // Which of two keys of an owner remains is told by time: left out, so that no space loses both.
  if (victim.id.empty() ||
      (victim.type == "owner" && model_.live_of(victim.space, victim.holder).size() != 1))
    return;
  const std::size_t at = key.space;
  std::string wanted = refused(key, at, "opv", false);
  if (wanted.empty() && victim.space != at) wanted = "not_found";
  if (wanted.empty() && key.type != "owner" && victim.holder != key.holder)
    wanted = "role_forbidden";
  const bool live = model_.is_live(victim);
  if (wanted.empty() && live && victim.type == "owner") wanted = "last_owner_key";
  if (!expect(ask({.method = "DELETE", .path = path(at, "/keys/" + victim.id)}, key.text),
              "revoke key", wanted) ||
      !live)
    return;
  for (Key& one : model_.keys) {
    if (one.text == victim.text) model_.end(one, "revoked");
  }
  if (model_.live_of(at, victim.holder).empty()) model_.release(model_.spaces[at], victim.holder);
}

void History::revoke_invitation() {
  const Key key = model_.keys[any_key("owner")];
  const Key victim = model_.keys[any_key("invitation")];
  const std::size_t at = key.space;
  if (victim.type != "invitation") return;
  std::string wanted = refused(key, at, "o", false);
  if (wanted.empty() && victim.space != at) wanted = "not_found";
  if (expect(ask({.method = "DELETE", .path = path(at, "/invitations/" + victim.holder)}, key.text),
             "revoke invitation", wanted))
    model_.end_all(at, victim.holder, "invitation_revoked");
}

}  // namespace kronborg::model_spaces

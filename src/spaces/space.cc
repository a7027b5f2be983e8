#include "spaces/space.h"

#include <utility>

#include "base/clock.h"
#include "spaces/keys.h"
#include "spaces/message.h"
#include "spaces/participant.h"
#include "spaces/space_rows.h"

namespace kronborg::spaces {
namespace {

/// The next number; the space is counted as open from now on.
base::Result<std::int64_t> take_number(Act& act) {
  TRY(const auto taken, act.run("UPDATE space_counter SET next_space = next_space + 1, "
                                "open_spaces = open_spaces + 1 WHERE one = 1 AND open_spaces < $1 "
                                "RETURNING next_space",
                                act.parts.max_open));
  if (taken.rows.empty()) {
    return base::Error(base::Code::store_full, "This server holds as many spaces as it may.",
                       "Try again later; spaces end and make room.");
  }
  return taken.rows.front().integer(0) - 1;
}

void set_ttl(Space& space, std::optional<std::int64_t> ttl_s, std::int64_t now_ms) {
  space.expires_at_ms.reset();
  if (ttl_s) space.expires_at_ms = now_ms + *ttl_s * 1000;
  space.told_closing = ttl_s && *ttl_s * 1000 <= Space::closing_notice_ms;
}

Space space_wanted(const Act& act, const NewSpace& wanted, std::int64_t number) {
  Space space;
  space.number = number;
  space.id = act.new_id();
  space.owner_id = act.new_id();
  space.name = wanted.name;
  space.description = wanted.description;
  space.agenda = wanted.agenda;
  space.is_public = wanted.is_public;
  space.requires_approval = wanted.requires_approval.value_or(!wanted.is_public);
  space.require_verified = wanted.require_verified;
  space.created_at_ms = space.updated_at_ms = act.now_ms;
  space.unused_until_ms = act.now_ms + unused_after_ms;
  space.retention_days = wanted.retention_days;
  set_ttl(space, wanted.ttl_s, act.now_ms);
  return space;
}

base::Result<void> insert(Act& act, const Space& space) {
  TRY_VOID(act.run(
      "INSERT INTO spaces (number, id, state, name, description, agenda, is_public, "
      "requires_approval, require_verified, owner_id, created_at_ms, updated_at_ms, "
      "expires_at_ms, unused_until_ms, retention_days, last_seq, audit_seq, content_bytes, "
      "told_closing, due_at_ms) VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, "
      "$12, $13, 0, 0, 0, $14, $15)",
      space.number, space.id, space.name, space.description, space.agenda, space.is_public,
      space.requires_approval, space.require_verified, space.owner_id, space.created_at_ms,
      space.expires_at_ms, space.unused_until_ms, space.retention_days, space.told_closing,
      due_of(space)));
  return {};
}

base::Result<void> insert_owner(Act& act, const Space& space, const NewSpace& wanted) {
  Participant owner;
  owner.id = space.owner_id;
  owner.space = space.number;
  owner.name = wanted.owner_name;
  owner.role = wanted.owner_role;
  owner.key_type = KeyType::owner;
  owner.status = "active";
  owner.joined_at_ms = act.now_ms;
  return insert_participant(act, owner);
}

/// Puts a member into the space and its name into `names` when it is to change.
template <class T, class U>
void apply(std::string_view name, const std::optional<T>& wanted, U& member,
           base::json::array& names) {
  if (!wanted) return;
  member = *wanted;
  names.emplace_back(name);
}

base::json::array apply(const SpaceChange& change, Space& space, std::int64_t now_ms) {
  base::json::array names;
  apply("name", change.name, space.name, names);
  apply("description", change.description, space.description, names);
  apply("agenda", change.agenda, space.agenda, names);
  apply("privacy", change.is_public, space.is_public, names);
  apply("requiresApproval", change.requires_approval, space.requires_approval, names);
  apply("requireVerified", change.require_verified, space.require_verified, names);
  if (change.ttl_s) {
    set_ttl(space, *change.ttl_s, now_ms);
    names.emplace_back("ttl");
  }
  apply("retentionDays", change.retention_days, space.retention_days, names);
  return names;
}

}  // namespace

base::Result<Created> create_space(Act& act, const NewSpace& wanted) {
  TRY(const std::int64_t number, take_number(act));
  Space space = space_wanted(act, wanted, number);
  act.origin.kind = ActorKind::participant;
  act.origin.participant_id = space.owner_id;
  TRY_VOID(insert(act, space));
  TRY_VOID(insert_owner(act, space, wanted));
  TRY_VOID(act.note(number, {.event = "space.created"}));
  TRY(Minted minted,
      mint_key(act, number, KeyType::owner, space.owner_id, wanted.owner_key_expires_in_s));
  std::string owner_id = space.owner_id;
  return Created{.space = std::move(space),
                 .owner_id = std::move(owner_id),
                 .key_id = std::move(minted.key_id),
                 .key_expires_at_ms = minted.expires_at_ms,
                 .key = std::move(minted.key)};
}

base::Result<Space> update_space(Act& act, std::int64_t number, const SpaceChange& change) {
  TRY(Space space, read_space(act, number));
  base::json::array names = apply(change, space, act.now_ms);
  if (names.empty()) return space;
  space.updated_at_ms = act.now_ms;
  TRY_VOID(act.run(
      "UPDATE spaces SET name = $2, description = $3, agenda = $4, is_public = $5, "
      "requires_approval = $6, require_verified = $7, expires_at_ms = $8, retention_days = $9, "
      "told_closing = $10, updated_at_ms = $11, due_at_ms = $12 WHERE number = $1",
      number, space.name, space.description, space.agenda, space.is_public, space.requires_approval,
      space.require_verified, space.expires_at_ms, space.retention_days, space.told_closing,
      space.updated_at_ms, due_of(space)));
  if (change.ttl_s) {  // what is remembered of the keys ends with the space
    TRY(auto hashes, live_hashes(act, number));
    act.forget(std::move(hashes));
  }
  TRY_VOID(act.note(number, {.event = "space.updated", .detail = {{"members", std::move(names)}}}));
  TRY_VOID(post_system_message(act, number, "The space was updated."));
  tell_space(act, space, "updated");
  return read_space(act, number);
}

base::json::object render(const Space& space) {
  base::json::object object{
      {"spaceId", space.id}, {"name", space.name}, {"description", space.description}};
  if (space.agenda) object["agenda"] = *space.agenda;
  object["privacy"] = space.is_public ? "public" : "private";
  object["requiresApproval"] = space.requires_approval;
  object["requireVerified"] = space.require_verified;
  object["ownerId"] = space.owner_id;
  object["createdAt"] = base::iso_time(space.created_at_ms);
  object["updatedAt"] = base::iso_time(space.updated_at_ms);
  if (space.expires_at_ms) object["expiresAt"] = base::iso_time(*space.expires_at_ms);
  object["retentionDays"] = space.retention_days;
  object["status"] = space.is_open() ? "open" : "closed";
  object["ownerless"] = space.ownerless_at_ms.has_value();
  object["lastSeq"] = space.last_seq;
  return object;
}

base::json::object render_brief(const Space& space, bool with_id) {
  const std::string_view status = space.is_open() ? "open" : "closed";
  base::json::object object;
  if (with_id) object["spaceId"] = space.id;
  if (!with_id) object["status"] = status;
  object["name"] = space.name;
  object["status"] = status;
  object["updatedAt"] = base::iso_time(space.updated_at_ms);
  if (space.expires_at_ms) object["expiresAt"] = base::iso_time(*space.expires_at_ms);
  return object;
}

void tell_space(Act& act, const Space& space, std::string_view action) {
  const base::json::object data{{"action", action}, {"space", render_brief(space, true)}};
  Notice notice;
  notice.data = base::to_text(data);
  act.tell(space.number, std::move(notice));
}

}  // namespace kronborg::spaces

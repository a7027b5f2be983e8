#include "spaces/keys.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "spaces/key_rows.h"

namespace kronborg::spaces {
namespace {

constexpr int max_listed = 1'000;  // besides the live ones

std::optional<KeyEnd> key_end(const std::optional<std::int64_t>& number) {
  if (!number) return std::nullopt;
  return static_cast<KeyEnd>(*number);
}

/// As it is at `now_ms`, whether or not the sweep has come by.
KeyRecord as_of(KeyRecord key, std::int64_t now_ms) {
  if (!key.ended_at_ms && !key.is_live(now_ms)) {
    key.ended_at_ms = key.due_at_ms;
    key.end = key.due_end;
  }
  return key;
}

bool is_older(const KeyRecord& a, const KeyRecord& b) {
  return std::pair(a.created_at_ms, a.id) < std::pair(b.created_at_ms, b.id);
}

base::Result<std::vector<credential::SpaceKeyHash>> hashes_of(const sql::Answer& answer) {
  std::vector<credential::SpaceKeyHash> hashes;
  for (const sql::Row& row : answer.rows) {
    const auto hash = credential::hash_from(row.text(0));
    if (!hash) return base::Code::store_damaged;
    hashes.push_back(*hash);
  }
  return hashes;
}

}  // namespace

base::Result<KeyRecord> key_of(const sql::Row& row) {
  const auto hash = credential::hash_from(row.text(0));
  if (!hash) return base::Code::store_damaged;
  return KeyRecord{.hash = *hash,
                   .id = row.text(1),
                   .holder = row.text(4),
                   .hint = row.text(5),
                   .space = row.integer(2),
                   .type = static_cast<KeyType>(row.integer(3)),
                   .created_at_ms = row.integer(6),
                   .last_used_at_ms = row.maybe_integer(7),
                   .expires_at_ms = row.maybe_integer(8),
                   .ended_at_ms = row.maybe_integer(9),
                   .end = key_end(row.maybe_integer(10)),
                   .due_at_ms = row.maybe_integer(11),
                   .due_end = key_end(row.maybe_integer(12))};
}

base::Result<std::vector<KeyRecord>> keys_of(const sql::Answer& answer) {
  std::vector<KeyRecord> keys;
  for (const sql::Row& row : answer.rows) {
    TRY(KeyRecord key, key_of(row));
    keys.push_back(std::move(key));
  }
  return keys;
}

base::Result<std::vector<KeyRecord>> unended_keys(Act& act, std::int64_t space,
                                                  std::string_view holder) {
  TRY(const auto answer, act.run(KEY_COLUMNS "WHERE space = $1 AND holder = $2 "
                                             "AND ended_at_ms IS NULL ORDER BY created_at_ms, id",
                                 space, holder));
  return keys_of(answer);
}

base::Result<Minted> mint_key(Act& act, std::int64_t space, KeyType type, std::string_view holder,
                              std::optional<std::int64_t> expires_in_s) {
  if (expires_in_s) *expires_in_s = act.now_ms + *expires_in_s * 1000;
  return mint_key_until(act, space, type, holder, expires_in_s);
}

base::Result<Minted> mint_key_until(Act& act, std::int64_t space, KeyType type,
                                    std::string_view holder,
                                    std::optional<std::int64_t> expires_at_ms) {
  Minted minted{.key = credential::SpaceKey::draw(act.parts.random),
                .key_id = act.new_id(),
                .expires_at_ms = expires_at_ms};
  std::optional<int> due_reason;
  if (expires_at_ms) due_reason = static_cast<int>(KeyEnd::expired);
  TRY_VOID(act.run(
      "INSERT INTO space_keys (hash, id, space, type, holder, hint, created_at_ms, "
      "expires_at_ms, due_at_ms, due_reason) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
      credential::hash_text(minted.key.hash()), minted.key_id, space, static_cast<int>(type),
      holder, minted.key.hint(), act.now_ms, expires_at_ms, due_reason));
  TRY_VOID(act.note(
      space, {.event = "key.minted", .subject = std::string(holder), .key_id = minted.key_id}));
  return minted;
}

base::Result<std::vector<credential::SpaceKeyHash>> live_hashes(Act& act, std::int64_t space,
                                                                std::string_view holder) {
  TRY(const auto answer, act.run("SELECT hash FROM space_keys WHERE space = $1 AND holder = $2 "
                                 "AND ended_at_ms IS NULL",
                                 space, holder));
  return hashes_of(answer);
}

base::Result<std::vector<credential::SpaceKeyHash>> live_hashes(Act& act, std::int64_t space) {
  TRY(const auto answer,
      act.run("SELECT hash FROM space_keys WHERE space = $1 AND ended_at_ms IS NULL", space));
  return hashes_of(answer);
}

base::Result<std::vector<KeyRecord>> list_keys(Act& act, std::int64_t space,
                                               std::optional<std::string_view> holder) {
  TRY(const auto newest,
      act.run(KEY_COLUMNS "WHERE space = $1 AND (CAST($2 AS TEXT) IS NULL OR holder = $2) "
                          "ORDER BY created_at_ms DESC, id DESC LIMIT $3",
              space, holder, max_listed));
  TRY(const auto live,
      act.run(KEY_COLUMNS "WHERE space = $1 AND (CAST($2 AS TEXT) IS NULL OR holder = $2) "
                          "AND ended_at_ms IS NULL",
              space, holder));
  TRY(auto keys, keys_of(newest));
  TRY(auto more, keys_of(live));
  std::ranges::move(more, std::back_inserter(keys));
  std::ranges::sort(keys, is_older);
  const auto repeated = std::ranges::unique(keys, {}, &KeyRecord::id);
  keys.erase(repeated.begin(), repeated.end());
  for (KeyRecord& key : keys) key = as_of(std::move(key), act.now_ms);
  return keys;
}

base::Result<KeyRecord> read_key_record(Act& act, std::int64_t space, std::string_view key_id) {
  TRY(const auto answer, act.run(KEY_COLUMNS "WHERE id = $1 AND space = $2", key_id, space));
  if (answer.rows.empty()) {
    return base::Error(base::Code::not_found, "There is no such key in this space.")
        .with({.name = "object", .value = "key"});
  }
  TRY(KeyRecord key, key_of(answer.rows.front()));
  return as_of(std::move(key), act.now_ms);
}

base::json::object render(const KeyRecord& key, std::string_view space_id) {
  base::json::object object{
      {"keyId", key.id}, {"keyType", name_of(key.type)}, {"spaceId", space_id}};
  object[key.type == KeyType::invitation ? "invitationId" : "participantId"] = key.holder;
  object["hint"] = key.hint;
  object["createdAt"] = base::iso_time(key.created_at_ms);
  if (key.last_used_at_ms) object["lastUsedAt"] = base::iso_time(*key.last_used_at_ms);
  if (key.expires_at_ms) object["expiresAt"] = base::iso_time(*key.expires_at_ms);
  if (key.ended_at_ms) object["revokedAt"] = base::iso_time(*key.ended_at_ms);
  if (key.end) object["revokedReason"] = name_of(*key.end);
  return object;
}

}  // namespace kronborg::spaces

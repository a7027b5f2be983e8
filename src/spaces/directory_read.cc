#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "base/random.h"
#include "spaces/directory.h"

namespace kronborg::spaces {
namespace {

constexpr std::int64_t muted_without_end = -1;

/// A moment at which the key stops being good, and what is said then.
struct End {
  std::int64_t at_ms = 0;
  std::string_view code, reason;
};

void consider(std::optional<End>& earliest, const std::optional<std::int64_t>& at_ms,
              std::string_view code, std::string_view reason) {
  if (at_ms && (!earliest || *at_ms < earliest->at_ms)) earliest = End{*at_ms, code, reason};
}

/// Columns of the statement in read_key.
enum Column : std::size_t {
  key_id,
  space,
  type,
  holder,
  hint,
  created,
  last_used,
  expires,
  ended,
  ended_reason,
  due,
  due_reason,
  space_id,
  space_closed,
  space_closed_reason,
  space_expires,
  space_unused,
  space_ownerless,
  muted,
  address
};

base::Result<Caller> caller_from(const sql::Row& row, const credential::SpaceKeyHash& hash) {
  Caller caller;
  caller.hash = hash;
  const auto id = uuid_of(row.text(key_id));
  const auto room = uuid_of(row.text(space_id));
  const auto who = uuid_of(row.text(holder));
  const std::string& last_digits = row.text(hint);
  if (!id || !room || !who || last_digits.size() != caller.hint.size()) {
    return base::Error(base::Code::store_damaged, "The store holds an invalid space key.");
  }
  caller.key_id = *id;
  caller.space_id = *room;
  caller.holder = *who;
  std::ranges::copy(last_digits, caller.hint.begin());
  caller.space = row.integer(space);
  caller.type = static_cast<KeyType>(row.integer(type));
  caller.created_at_ms = row.integer(created);
  caller.key_expires_at_ms = row.maybe_integer(expires).value_or(0);
  caller.used_before = !row.is_null(last_used);
  if (const auto until = row.maybe_integer(muted)) {
    caller.muted_until_ms = *until == muted_without_end ? Caller::forever : *until;
  }
  if (const auto text = row.maybe_text(address)) caller.address = identity::Address::parse(*text);
  return caller;
}

std::optional<End> end_of(const sql::Row& row) {
  const auto ended_at = row.maybe_integer(ended);
  if (ended_at) {
    // A key without a reason of its own ended with its space.
    if (const auto reason = row.maybe_integer(ended_reason)) {
      const auto end = static_cast<KeyEnd>(*reason);
      return End{*ended_at, code_of(end), name_of(end)};
    }
  }
  if (ended_at || !row.is_null(space_closed)) {
    const auto end = static_cast<SpaceEnd>(row.maybe_integer(space_closed_reason).value_or(0));
    return End{row.maybe_integer(space_closed).value_or(ended_at.value_or(0)), "space_closed",
               name_of(end)};
  }
  std::optional<End> earliest;
  const auto key_end = static_cast<KeyEnd>(row.maybe_integer(due_reason).value_or(0));
  consider(earliest, row.maybe_integer(due), code_of(key_end), name_of(key_end));
  consider(earliest, row.maybe_integer(space_expires), "space_closed", name_of(SpaceEnd::ttl));
  consider(earliest, row.maybe_integer(space_unused), "space_closed", name_of(SpaceEnd::unused));
  if (auto ownerless = row.maybe_integer(space_ownerless)) {
    *ownerless += ownerless_after_ms;
    consider(earliest, ownerless, "space_closed", name_of(SpaceEnd::ownerless));
  }
  return earliest;
}

}  // namespace

std::string text_of(const Uuid& id) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::array<char, 36> text{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = digits[id[i] >> 4U];
    text[at++] = digits[id[i] & 0x0FU];
  }
  return {text.data(), text.size()};
}

std::optional<Uuid> uuid_of(std::string_view text) {
  if (!base::is_uuid(text)) return std::nullopt;
  std::string digits;
  for (const char c : text) {
    if (c != '-') digits += c;
  }
  const auto bytes = base::hex_relaxed(digits);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  Uuid id{};
  std::ranges::copy(*bytes, id.begin());
  return id;
}

base::Result<Found> read_key(sql::Transaction& transaction, const credential::SpaceKeyHash& hash,
                             std::int64_t now_ms) {
  TRY(const auto answer,
      transaction("SELECT k.id, k.space, k.type, k.holder, k.hint, k.created_at_ms, "
                  "k.last_used_at_ms, k.expires_at_ms, k.ended_at_ms, k.ended_reason, k.due_at_ms, "
                  "k.due_reason, s.id, s.closed_at_ms, s.closed_reason, s.expires_at_ms, "
                  "s.unused_until_ms, s.ownerless_at_ms, p.muted_until_ms, p.address "
                  "FROM space_keys k JOIN spaces s ON s.number = k.space "
                  "LEFT JOIN space_participants p ON p.id = k.holder WHERE k.hash = $1",
                  credential::hash_text(hash)));
  if (answer.rows.empty()) return Found(UnknownKey{});
  const sql::Row& row = answer.rows.front();
  TRY(Caller caller, caller_from(row, hash));
  const auto end = end_of(row);
  const bool has_ended = !row.is_null(ended) || !row.is_null(space_closed);
  if (end && (has_ended || end->at_ms <= now_ms)) {
    DeadKey dead{
        .code = end->code, .reason = end->reason, .ended_at_ms = end->at_ms, .was = caller};
    if (const auto closed = row.maybe_integer(space_closed)) {
      const auto why = static_cast<SpaceEnd>(row.maybe_integer(space_closed_reason).value_or(0));
      dead.space_reason = name_of(why);
      dead.space_ended_at_ms = *closed;
    }
    return Found(dead);
  }
  if (end) caller.ends_at_ms = end->at_ms;
  return Found(std::move(caller));
}

}  // namespace kronborg::spaces

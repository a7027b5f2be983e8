#include "spaces/participant_rows.h"

#include <unicase.h>

#include <cstdlib>
#include <set>
#include <utility>

#include "base/text.h"

namespace kronborg::spaces {
namespace {

constexpr std::size_t max_name_scalars = 80;

std::optional<std::int64_t> stored_mute(const std::optional<std::int64_t>& until_ms) {
  if (until_ms == Caller::forever) return muted_without_end;
  return until_ms;
}

}  // namespace

base::Result<Participant> participant_from(const sql::Row& row, std::int64_t now_ms) {
  Participant participant{.id = row.text(0),
                          .space = row.integer(1),
                          .position = row.integer(2),
                          .name = row.text(3),
                          .role = row.maybe_text(4),
                          .key_type = static_cast<KeyType>(row.integer(5)),
                          .status = row.text(6),
                          .muted_until_ms = row.maybe_integer(7),
                          .address = {},
                          .verified_at_ms = row.maybe_integer(9),
                          .invitation_id = row.maybe_text(10),
                          .join_token_hash = row.maybe_text(11),
                          .key_wanted = row.integer(12) != 0,
                          .key_expires_in_s = row.maybe_integer(13),
                          .requested_at_ms = row.maybe_integer(14),
                          .joined_at_ms = row.maybe_integer(15),
                          .last_seen_at_ms = row.maybe_integer(16),
                          .request_ends_at_ms = row.maybe_integer(17)};
  if (participant.muted_until_ms == muted_without_end) participant.muted_until_ms = Caller::forever;
  if (const auto address = row.maybe_text(8)) {
    participant.address = identity::Address::parse(*address);
    if (!participant.address) {
      return base::Error(base::Code::store_damaged, "The store holds an invalid address.");
    }
  }
  if (participant.status == "pending" && participant.request_ends_at_ms.value_or(0) <= now_ms) {
    participant.status = "expired";
  }
  return participant;
}

base::Error wrong_state(const Participant& participant, std::string text, std::string hint) {
  return base::Error(base::Code::participant_state, std::move(text), std::move(hint))
      .with({.name = "status", .value = participant.status});
}

base::json::object reason_detail(const std::optional<std::string>& reason) {
  base::json::object detail;
  if (reason) detail["reason"] = *reason;
  return detail;
}

std::string folded_name(std::string_view name) {
  if (name.empty()) return {};
  std::size_t size = 0;
  std::uint8_t* const folded = u8_casefold(reinterpret_cast<const std::uint8_t*>(name.data()),
                                           name.size(), nullptr, UNINORM_NFC, nullptr, &size);
  if (folded == nullptr) std::abort();  // memory only: the text is valid
  std::string result(reinterpret_cast<const char*>(folded), size);
  std::free(folded);
  return result;
}

base::Result<std::string> free_name(Act& act, std::int64_t space, std::string_view name) {
  TRY(const auto answer, act.run("SELECT name_folded FROM space_participants WHERE space = $1 AND "
                                 "(status = 'active' OR (status = 'pending' AND due_at_ms > $2))",
                                 space, act.now_ms));
  std::set<std::string> taken;
  for (const sql::Row& row : answer.rows) taken.insert(row.text(0));
  std::string candidate(name);
  for (int number = 2; taken.contains(folded_name(candidate)); ++number) {
    const std::string suffix = " (" + std::to_string(number) + ")";
    candidate = base::first_scalars(name, max_name_scalars - suffix.size());
    candidate += suffix;
  }
  return candidate;
}

base::Result<void> insert_participant(Act& act, Participant& participant) {
  TRY(const auto inserted,
      act.run("INSERT INTO space_participants (id, space, position, name, name_folded, role, "
              "key_type, status, muted_until_ms, address, verified_at_ms, invitation_id, "
              "join_token_hash, key_wanted, key_expires_in_s, requested_at_ms, joined_at_ms, "
              "last_seen_at_ms, due_at_ms) VALUES ($1, $2, (SELECT COALESCE(MAX(position), 0) + 1 "
              "FROM space_participants WHERE space = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, "
              "$12, $13, $14, $15, $16, $17, $18) RETURNING position",
              participant.id, participant.space, participant.name, folded_name(participant.name),
              participant.role, static_cast<std::int64_t>(participant.key_type), participant.status,
              stored_mute(participant.muted_until_ms),
              participant.address ? sql::Value(participant.address->lower()) : sql::Value(),
              participant.verified_at_ms, participant.invitation_id, participant.join_token_hash,
              participant.key_wanted ? 1 : 0, participant.key_expires_in_s,
              participant.requested_at_ms, participant.joined_at_ms, participant.last_seen_at_ms,
              participant.request_ends_at_ms));
  participant.position = inserted.rows.at(0).integer(0);
  return {};
}

base::Result<void> require_room(Act& act, std::int64_t space) {
  TRY(const auto counted,
      act.run("SELECT COUNT(*) FROM space_participants WHERE space = $1 AND status = 'active'",
              space));
  if (counted.rows.at(0).integer(0) < max_participants) return {};
  return base::Error(base::Code::limit_reached)
      .with({.name = "limit", .value = "participants"})
      .with({.name = "max", .value = max_participants});
}

}  // namespace kronborg::spaces

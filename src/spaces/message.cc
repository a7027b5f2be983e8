#include "spaces/message.h"

#include <utility>

#include "spaces/message_rows.h"

namespace kronborg::spaces {
namespace {

using base::Code;
using base::Error;

Error wrong(const NewMessage& message, std::string_view member, std::string detail) {
  Error error(Code::invalid_member);
  error.errors.push_back({.pointer = message.place + "/" + std::string(member),
                          .code = "not_allowed",
                          .detail = std::move(detail)});
  return error;
}

base::Result<void> check_references(Act& act, std::int64_t space, const NewMessage& message) {
  if (message.reply_to) {
    TRY(const auto found, act.run("SELECT seq FROM space_messages WHERE space = $1 AND id = $2",
                                  space, *message.reply_to));
    if (found.rows.empty())
      return wrong(message, "replyTo", "It must be the id of an earlier message of this space.");
  }
  for (const std::string& id : message.mentions) {
    TRY(const auto found, act.run("SELECT id FROM space_participants WHERE id = $1 AND space = $2 "
                                  "AND status IN ('active', 'left', 'kicked')",
                                  id, space));
    if (found.rows.empty())
      return wrong(message, "mentions", "Its items must be ids of participants of this space.");
  }
  return {};
}

/// Sequence number and time of the first of some new messages.
struct Place {
  std::int64_t seq = 0, at_ms = 0;
};

/// Takes `count` sequence numbers and as many times, strictly later than all before; nothing when
/// the space has no room for them.
base::Result<std::optional<Place>> take_places(Act& act, std::int64_t space, std::int64_t count) {
  TRY(const auto taken, act.run("UPDATE spaces SET last_seq = last_seq + $1, last_message_at_ms = "
                                "CASE WHEN last_message_at_ms >= $2 THEN last_message_at_ms + $1 "
                                "ELSE $2 + $1 - 1 END WHERE number = $3 AND last_seq + $1 <= $4 "
                                "RETURNING last_seq, last_message_at_ms",
                                count, act.now_ms, space, max_messages));
  if (taken.rows.empty()) return std::optional<Place>();
  const sql::Row& row = taken.rows.front();
  return Place{.seq = row.integer(0) - count + 1, .at_ms = row.integer(1) - count + 1};
}

std::optional<std::string> text_of_ids(const std::vector<std::string>& ids) {
  if (ids.empty()) return std::nullopt;
  return base::to_text(base::json::array(ids.begin(), ids.end()));
}

base::Result<void> insert(Act& act, std::int64_t space, const Message& message) {
  TRY_VOID(act.run(
      "INSERT INTO space_messages (space, seq, id, at_ms, type, content, sender_id, sender_name, "
      "sender_key_type, sender_verified, sender_address, reply_to, mentions, redacted) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0)",
      space, message.seq, message.id, message.at_ms, message.type, message.content,
      message.sender_id, message.sender_name, message.sender_key_type, message.sender_verified,
      message.sender_address, message.reply_to, text_of_ids(message.mentions)));
  return {};
}

base::Result<std::string> name_of_sender(Act& act, std::string_view id) {
  TRY(const auto found, act.run("SELECT name FROM space_participants WHERE id = $1", id));
  if (found.rows.empty()) return Code::store_damaged;
  return found.rows.front().text(0);
}

}  // namespace

base::Result<std::vector<Message>> post_messages(Act& act, const Caller& caller,
                                                 const std::vector<NewMessage>& messages) {
  for (const NewMessage& wanted : messages) {
    TRY_VOID(check_references(act, caller.space, wanted));
  }
  const std::string sender_id = text_of(caller.holder);
  TRY(const std::string sender_name, name_of_sender(act, sender_id));
  TRY(auto place, take_places(act, caller.space, static_cast<std::int64_t>(messages.size())));
  if (!place) {
    return Error(Code::limit_reached, "This space has all the messages it may have.",
                 "Go on in another space.")
        .with({.name = "limit", .value = "messages"})
        .with({.name = "max", .value = max_messages});
  }
  std::vector<Message> posted;
  posted.reserve(messages.size());
  for (const NewMessage& wanted : messages) {
    Message message{.seq = place->seq++,
                    .id = act.new_id(),
                    .at_ms = place->at_ms++,
                    .type = wanted.type,
                    .content = wanted.content,
                    .sender_id = sender_id,
                    .sender_name = sender_name,
                    .sender_key_type = std::string(name_of(caller.type)),
                    .sender_verified = caller.address.has_value(),
                    .sender_address = {},
                    .reply_to = wanted.reply_to,
                    .mentions = wanted.mentions};
    if (caller.address) message.sender_address = caller.address->text();
    TRY_VOID(insert(act, caller.space, message));
    tell_message(act, caller.space, message, message.seq, wanted.sanitised);
    posted.push_back(std::move(message));
  }
  return posted;
}

base::Result<void> post_system_message(Act& act, std::int64_t space, std::string content) {
  TRY(const auto place, take_places(act, space, 1));
  if (!place) return {};
  const Message message{.seq = place->seq,
                        .id = act.new_id(),
                        .at_ms = place->at_ms,
                        .type = "system",
                        .content = std::move(content),
                        .sender_id = {},
                        .sender_name = "system",
                        .sender_key_type = "system",
                        .sender_address = {},
                        .reply_to = {},
                        .mentions = {}};
  TRY_VOID(insert(act, space, message));
  tell_message(act, space, message, message.seq, {});
  return {};
}

}  // namespace kronborg::spaces

#pragma once

#include <cstdint>
#include <string_view>

#include "spaces/message.h"
#include "sql/database.h"

// Rows and notices of messages, for the files message*.cc.

namespace kronborg::spaces {

/// What a SELECT of a message begins with; read by message_of().
#define MESSAGE_COLUMNS                                                             \
  "SELECT seq, id, at_ms, type, content, sender_id, sender_name, sender_key_type, " \
  "sender_verified, sender_address, reply_to, mentions, redacted FROM space_messages "

base::Result<Message> message_of(const sql::Row& row);

/// Tells the readers. `seq`: of a new message; 0 for one that has changed. `sanitised`: of html.
void tell_message(Act& act, std::int64_t space, const Message& message, std::int64_t seq,
                  std::string_view sanitised);

}  // namespace kronborg::spaces

#include <utility>

#include "spaces/message_rows.h"

namespace kronborg::spaces {

using base::Code;
using base::Error;

base::Result<Message> redact_message(Act& act, const Caller& caller, std::string_view id) {
  TRY(const auto found, act.run(MESSAGE_COLUMNS "WHERE space = $1 AND id = $2", caller.space, id));
  if (found.rows.empty()) {
    return Error(Code::not_found).with({.name = "object", .value = "message"});
  }
  TRY(Message message, message_of(found.rows.front()));
  if (caller.type != KeyType::owner && message.sender_id != text_of(caller.holder)) {
    return Error(Code::role_forbidden, "Only its author and the owner may redact a message.")
        .with({.name = "keyType", .value = std::string(name_of(caller.type))})
        .with({.name = "needs",
               .value = std::vector<std::string>{std::string(name_of(KeyType::owner))}});
  }
  if (!message.sender_id) return Code::message_state;
  if (message.redacted) return message;
  TRY_VOID(
      act.run("UPDATE space_messages SET content = '', redacted = 1 "
              "WHERE space = $1 AND seq = $2",
              caller.space, message.seq));
  message.content.clear();
  message.redacted = true;
  TRY_VOID(act.note(
      caller.space,
      {.event = "message.redacted", .subject = message.id, .detail = {{"seq", message.seq}}}));
  tell_message(act, caller.space, message, 0, {});
  return message;
}

}  // namespace kronborg::spaces

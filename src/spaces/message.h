#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "spaces/act.h"
#include "spaces/space.h"

namespace kronborg::spaces {

/// docs/protocol/spaces.md section 8.
struct Message {
  std::int64_t seq = 0;
  std::string id;
  std::int64_t at_ms = 0;
  std::string type;  ///< text, image, html, system
  std::string content;
  std::optional<std::string> sender_id;  ///< nothing: the system
  std::string sender_name, sender_key_type;
  bool sender_verified = false;
  std::optional<std::string> sender_address;
  std::optional<std::string> reply_to;
  std::vector<std::string> mentions;
  bool redacted = false;
};

struct NewMessage {
  std::string type = "text";
  std::string content = {};
  std::optional<std::string> reply_to = {};
  std::vector<std::string> mentions = {};  ///< at most max_mentions
  std::string sanitised = {};  ///< of html: what a browser gets, made before the transaction
  /// Where the message stands in the request, for the pointers of errors: empty, or "/messages/3".
  std::string place = {};
};
inline constexpr std::size_t max_mentions = 20;
/// In order, all or none; the readers are told of each. Errors: limit_reached (`messages`);
/// invalid_member with the pointer of a `replyTo` that is no message, or of `mentions` that are no
/// participants, of this space.
base::Result<std::vector<Message>> post_messages(Act& act, const Caller& caller,
                                                 const std::vector<NewMessage>& messages);
/// The server's own word in the space: joined, left, … In a full space it stays unsaid.
base::Result<void> post_system_message(Act& act, std::int64_t space, std::string content);

enum class Form : std::uint8_t { whole, without_content, for_browser };

struct MessagePage {
  std::vector<Message> messages;
  std::int64_t last = 0;  ///< seq to go on from
  bool has_more = false;
};
/// With a sequence number above `after`, oldest first: at most `limit` (0..500), and fewer when
/// their contents are more than 4 MiB, or 256 KiB of what is to be sanitised for a browser.
base::Result<MessagePage> read_messages(Act& act, std::int64_t space, std::int64_t after, int limit,
                                        Form form = Form::whole);
/// The position in front of the first message later than `after_ms`.
base::Result<std::int64_t> position_at(Act& act, std::int64_t space, std::int64_t after_ms);

/// Content is erased; the message as it is then. A repeat has no effect. Errors: not_found (object
/// "message"), role_forbidden (neither author nor owner), message_state.
base::Result<Message> redact_message(Act& act, const Caller& caller, std::string_view id);

/// for_browser: html content is sanitised here, with `sanitized: true`.
base::json::object render(const Message& message, Form form);

/// section 8.3: by the age of the last message.
std::int64_t polling_interval_ms(const Space& space, std::int64_t now_ms);

}  // namespace kronborg::spaces

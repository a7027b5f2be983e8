#include <boost/json/array.hpp>
#include <boost/json/string.hpp>

#include "base/clock.h"
#include "spaces/message_rows.h"
#include "spaces/sanitise.h"

namespace kronborg::spaces {
namespace {

namespace json = base::json;

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t minute_ms = 60 * second_ms;
constexpr std::int64_t hour_ms = 60 * minute_ms;

json::object sender_of(const Message& message) {
  json::object sender;
  if (message.sender_id) {
    sender["participantId"] = *message.sender_id;
  } else {
    sender["participantId"] = nullptr;
  }
  sender["name"] = message.sender_name;
  sender["keyType"] = message.sender_key_type;
  sender["verified"] = message.sender_verified;
  if (message.sender_address) sender["address"] = *message.sender_address;
  return sender;
}

json::object render_with(const Message& message, const std::optional<std::string_view>& content,
                         bool sanitised) {
  json::object object;
  object["id"] = message.id;
  object["seq"] = message.seq;
  object["timestamp"] = base::iso_time(message.at_ms);
  object["type"] = message.type;
  if (content) object["content"] = *content;
  object["sender"] = sender_of(message);
  if (message.reply_to) object["replyTo"] = *message.reply_to;
  if (!message.mentions.empty()) {
    object["mentions"] = json::array(message.mentions.begin(), message.mentions.end());
  }
  if (message.redacted) object["redacted"] = true;
  if (sanitised) object["sanitized"] = true;
  return object;
}

}  // namespace

json::object render(const Message& message, Form form) {
  if (form == Form::without_content) return render_with(message, std::nullopt, false);
  if (form == Form::for_browser && message.type == "html") {
    return render_with(message, sanitise(message.content), true);
  }
  return render_with(message, message.content, false);
}

void tell_message(Act& act, std::int64_t space, const Message& message, std::int64_t seq,
                  std::string_view sanitised) {
  Notice notice;
  notice.kind = NoticeKind::message;
  notice.seq = seq;
  notice.data = base::to_text(render(message, Form::whole));
  if (message.type == "html")
    notice.browser_data = base::to_text(render_with(message, sanitised, true));
  act.tell(space, std::move(notice));
}

std::int64_t polling_interval_ms(const Space& space, std::int64_t now_ms) {
  if (!space.last_message_at_ms) return minute_ms;
  const std::int64_t age = now_ms - *space.last_message_at_ms;
  if (age < 30 * second_ms) return 2 * second_ms;
  if (age < 5 * minute_ms) return 5 * second_ms;
  return age < hour_ms ? 15 * second_ms : minute_ms;
}

}  // namespace kronborg::spaces

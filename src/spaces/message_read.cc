#include <algorithm>

#include "spaces/message_rows.h"

namespace kronborg::spaces {
namespace {

constexpr int rows_at_once = 128;
constexpr std::size_t page_bytes = 4U << 20U;
constexpr std::size_t sanitised_weight = 16;  // of a byte that is to be sanitised

std::size_t weight_of(const Message& message, Form form) {
  const bool is_sanitised = form == Form::for_browser && message.type == "html";
  return message.content.size() * (is_sanitised ? sanitised_weight : 1);
}

struct Moment {
  std::int64_t seq = 0, at_ms = 0;
};

/// Of the last message whose number is at most `seq`; zeros when there is none.
base::Result<Moment> time_at(Act& act, std::int64_t space, std::int64_t seq) {
  TRY(const auto found, act.run("SELECT seq, at_ms FROM space_messages WHERE space = $1 "
                                "AND seq <= $2 ORDER BY seq DESC LIMIT 1",
                                space, seq));
  if (found.rows.empty()) return Moment{};
  return Moment{.seq = found.rows.front().integer(0), .at_ms = found.rows.front().integer(1)};
}

}  // namespace

base::Result<Message> message_of(const sql::Row& row) {
  Message message{.seq = row.integer(0),
                  .id = row.text(1),
                  .at_ms = row.integer(2),
                  .type = row.text(3),
                  .content = row.text(4),
                  .sender_id = row.maybe_text(5),
                  .sender_name = row.text(6),
                  .sender_key_type = row.text(7),
                  .sender_verified = row.integer(8) != 0,
                  .sender_address = row.maybe_text(9),
                  .reply_to = row.maybe_text(10),
                  .mentions = {},
                  .redacted = row.integer(12) != 0};
  if (const auto mentions = row.maybe_text(11)) {
    const auto ids = base::parse_json(*mentions);
    if (!ids || !ids->is_array()) return base::Code::store_damaged;
    for (const auto& id : ids->get_array()) message.mentions.emplace_back(id.as_string());
  }
  return message;
}

base::Result<MessagePage> read_messages(Act& act, std::int64_t space, std::int64_t after, int limit,
                                        Form form) {
  MessagePage page{.messages = {}, .last = after};
  const auto most = static_cast<std::size_t>(limit);
  std::size_t weight = 0;
  while (true) {
    const auto wanted = std::min<std::size_t>(most - page.messages.size() + 1, rows_at_once);
    TRY(const auto found,
        act.run(MESSAGE_COLUMNS "WHERE space = $1 AND seq > $2 ORDER BY seq LIMIT $3", space,
                page.last, wanted));
    for (const sql::Row& row : found.rows) {
      page.has_more = page.messages.size() == most || weight >= page_bytes;
      if (page.has_more) return page;
      TRY(auto message, message_of(row));
      weight += weight_of(message, form);
      page.last = message.seq;
      page.messages.push_back(std::move(message));
    }
    if (found.rows.size() < wanted) return page;
  }
}

base::Result<std::int64_t> position_at(Act& act, std::int64_t space, std::int64_t after_ms) {
  // Times rise with the numbers, and most ask for something near the end.
  TRY(const Moment last, time_at(act, space, max_messages));
  if (last.at_ms <= after_ms) return last.seq;
  std::int64_t low = 0, high = last.seq;  // low is not later, high is
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    TRY(const Moment moment, time_at(act, space, middle));
    (moment.at_ms <= after_ms ? low : high) = middle;
  }
  return low;
}

}  // namespace kronborg::spaces

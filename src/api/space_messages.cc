#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <charconv>

#include "api/space_operations.h"
#include "api/space_render.h"
#include "base/clock.h"
#include "spaces/content.h"
#include "spaces/message.h"
#include "spaces/sanitise.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;
using spaces::Form;
using spaces::Message;
using spaces::NewMessage;

constexpr std::size_t most_together = 100;  // messages of one sendMessages
constexpr std::int64_t most_listed = 500;
constexpr std::int64_t standard_limit = 100;
constexpr std::int64_t longest_wait_s = 30;
constexpr std::size_t longest_position = 100;  // characters of `cursor` and `timestamp`
constexpr std::array<std::string_view, 3> types = {"text", "image", "html"};

NewMessage read_message(Members& members) {
  NewMessage message;
  message.type = members.one_of("type", types, Need::optional).value_or("text");
  const bool is_html = message.type == "html";
  // HTML is stored as it is; the rest is free text (docs/protocol/http.md section 5).
  auto content = is_html ? members.bytes("content", spaces::max_message_bytes, Need::required)
                         : members.content("content", spaces::max_message_bytes, Need::required);
  message.content = content.value_or("");
  if (content && content->empty()) {
    members.fault("content", "too_short", "It must not be empty.");
  } else if (content && message.type == "image") {
    if (const auto fault = spaces::image_fault(*content)) {
      members.fault("content", "bad_pattern", std::string(*fault));
    }
  }
  message.reply_to = members.uuid("replyTo", Need::optional);
  message.mentions =
      members.uuids("mentions", spaces::max_mentions).value_or(std::vector<std::string>());
  return message;
}

/// Outside of the transaction, as it takes a while; only of what is acceptable.
void prepare(NewMessage& message) {
  if (message.type == "html") message.sanitised = spaces::sanitise(message.content);
}

/// A position in the list, from `cursor` or `timestamp`.
struct Position {
  std::optional<std::int64_t> seq;       ///< from a cursor
  std::optional<std::int64_t> after_ms;  ///< from a time
};

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// RFC 3339, milliseconds since 1970, or a cursor.
base::Result<void> read_timestamp(const SpaceDesk& desk, Query& query, std::string_view list,
                                  Position& position) {
  auto text = query.text("timestamp", longest_position);
  if (!text) return {};
  if (text->starts_with("c1.")) {
    TRY(position.seq, desk.cursors.read(list, *text));
    return {};
  }
  if (is_digits(*text)) {
    std::int64_t ms = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), ms);
    if (read.ec == std::errc()) position.after_ms = ms;
  } else {
    std::ranges::replace(*text, ' ', '+');  // the sign of an offset that was not percent-encoded
    position.after_ms = base::parse_time(*text);
  }
  if (!position.after_ms) {
    query.fault("timestamp", "bad_pattern",
                "It must be an RFC 3339 time, milliseconds since 1970, or a cursor.");
  }
  return {};
}

base::Result<Position> read_position(const SpaceDesk& desk, Query& query, std::string_view list) {
  Position position;
  TRY_VOID(read_timestamp(desk, query, list, position));
  if (const auto cursor = query.text("cursor", longest_position)) {
    if (position.seq || position.after_ms) {
      query.fault("timestamp", "not_allowed", "Send either `cursor` or `timestamp`.");
    }
    TRY(position.seq, desk.cursors.read(list, *cursor));
  }
  return position;
}

struct Asked {
  Position position;
  std::optional<std::int64_t> tail;
  std::int64_t limit = standard_limit;
  std::int64_t wait_s = 0;
};

base::Result<Asked> read_asked(const SpaceDesk& desk, const SpaceCall& call,
                               std::string_view list) {
  TRY(Query query, call.query());
  Asked asked;
  TRY(asked.position, read_position(desk, query, list));
  asked.tail = query.integer("tail", 0, most_listed);
  asked.limit =
      query.integer("limit", 1, most_listed).value_or(asked.tail.value_or(standard_limit));
  asked.wait_s = query.integer("wait", 0, longest_wait_s).value_or(0);
  // The last none of the messages are none, however long one waits for more.
  if (asked.tail == 0) asked.wait_s = 0;
  TRY_VOID(call.finish(query));
  return asked;
}

/// The sequence number behind which the list begins. Error: cursor_invalid.
base::Result<std::int64_t> first_position(spaces::Act& act, const spaces::Space& space,
                                          const Asked& asked) {
  std::int64_t after = asked.position.seq.value_or(0);
  if (after < 0 || after > space.last_seq) return Code::cursor_invalid;
  if (asked.position.after_ms) {
    TRY(after, spaces::position_at(act, space.number, *asked.position.after_ms));
  }
  if (asked.tail) after = std::max(after, space.last_seq - *asked.tail);
  return after;
}

}  // namespace

base::Result<SpaceEffect> send_message(const SpaceDesk& /*desk*/, const SpaceCall& call) {
  TRY(Members members, call.members());
  std::vector<NewMessage> messages{read_message(members)};
  TRY_VOID(call.finish(members));
  prepare(messages.front());
  return [messages = std::move(messages), &call](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto posted, spaces::post_messages(act, call.caller(), messages));
    return SpaceOutcome{.body = spaces::render(posted.front(), Form::without_content)};
  };
}

base::Result<SpaceEffect> send_messages(const SpaceDesk& /*desk*/, const SpaceCall& call) {
  TRY(Members members, call.members());
  const auto items = members.array("messages", most_together);
  if (!members.has("messages")) members.missing("messages");
  if (items && items->empty()) members.fault("messages", "too_short", "It must not be empty.");
  const auto is_object = [](const json::value& item) { return item.is_object(); };
  if (items && !std::ranges::all_of(*items, is_object)) {
    members.fault("messages", "wrong_type", "Its items must be objects.");
  }
  TRY_VOID(call.finish(members));
  std::vector<NewMessage> messages;
  for (const json::value& item : *items) {
    const std::string place = "/messages/" + std::to_string(messages.size());
    Members one = Members::of(item.get_object());
    one.set_place(place);
    messages.push_back(read_message(one));
    messages.back().place = place;
    TRY_VOID(call.finish(one));
  }
  std::ranges::for_each(messages, prepare);
  return [messages = std::move(messages), &call](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto posted, spaces::post_messages(act, call.caller(), messages));
    json::array rendered;
    for (const Message& message : posted) {
      rendered.emplace_back(spaces::render(message, Form::without_content));
    }
    return SpaceOutcome{.body = {{"messages", std::move(rendered)}}};
  };
}

base::Result<SpaceEffect> list_messages(const SpaceDesk& desk, const SpaceCall& call) {
  const std::string list = call.segment(0) + "/messages";
  TRY(const Asked asked, read_asked(desk, call, list));
  return [&desk, &call, list, asked](spaces::Act& act) -> base::Result<SpaceOutcome> {
    const spaces::Caller& caller = call.caller();
    TRY(const spaces::Space space, spaces::read_space(act, caller.space));
    TRY(const std::int64_t after, first_position(act, space, asked));
    const Form form = call.for_browser() ? Form::for_browser : Form::whole;
    TRY(const auto page,
        spaces::read_messages(act, space.number, after, static_cast<int>(asked.limit), form));
    SpaceOutcome outcome;
    if (page.messages.empty() && asked.wait_s > 0) {
      outcome.wait_after = page.last;
      outcome.wait_s = asked.wait_s;
    }
    json::array messages;
    messages.reserve(page.messages.size());
    for (const Message& message : page.messages) {
      messages.emplace_back(spaces::render(message, form));
    }
    json::object& body = outcome.body;
    body["messages"] = std::move(messages);
    add_cursor(desk, body, list, page.last, page.has_more);
    body["lastSeq"] = space.last_seq;
    const bool is_owner = caller.type == spaces::KeyType::owner;
    TRY(body["participants"], render_participants(desk, act, space.number, is_owner));
    TRY(body["artifacts"], render_artifacts(act, space.number));
    body["suggestedPollingIntervalMs"] = spaces::polling_interval_ms(space, act.now_ms);
    body["space"] = spaces::render_brief(space, false);
    return outcome;
  };
}

base::Result<SpaceEffect> redact_message(const SpaceDesk& /*desk*/, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return [&call](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Message message, spaces::redact_message(act, call.caller(), call.segment(1)));
    return SpaceOutcome{
        .body = spaces::render(message, call.for_browser() ? Form::for_browser : Form::whole)};
  };
}

}  // namespace kronborg::api

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "doors/a2a_message.h"
#include "doors/a2a_methods.h"
#include "doors/a2a_read.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

constexpr std::int64_t standard_page = 50;
constexpr std::int64_t most_page = 100;

A2aResult<std::string> read_id(const json::object& params) {
  auto id = read_needed_text(params, "id");
  if (!id) return id;
  return base::lower(*id);
}

/// What ListTasks asks for.
struct Filter {
  std::string context_id, status;
  std::int64_t page_size = standard_page, history = 0;
  std::int64_t after_ms = 0;  ///< statusTimestampAfter
  bool artifacts = false;
};

A2aResult<std::int64_t> read_page_size(const json::object& params) {
  const json::value* value = params.if_contains("pageSize");
  if (value == nullptr || value->is_null()) return standard_page;
  boost::system::error_code wrong;
  const auto size = value->is_number() ? value->to_number<std::int64_t>(wrong) : 0;
  if (wrong || size < 1 || size > most_page) {
    return std::unexpected(wrong_params("pageSize must be an integer from 1 to 100."));
  }
  return size;
}

A2aResult<Filter> read_filter(const json::object& params) {
  Filter filter;
  for (const auto& [name, value] :
       {std::pair{"contextId", &filter.context_id}, std::pair{"status", &filter.status}}) {
    auto text = read_text(params, name);
    if (!text) return std::unexpected(text.error());
    *value = *std::move(text);
  }
  if (filter.status == "TASK_STATE_UNSPECIFIED") filter.status.clear();
  const auto token = read_text(params, "pageToken");
  if (!token) return std::unexpected(token.error());
  if (!token->empty()) return std::unexpected(wrong_params("pageToken is not one of this list."));
  const auto page_size = read_page_size(params);
  if (!page_size) return std::unexpected(page_size.error());
  filter.page_size = *page_size;
  const auto history = read_history(params, 0);
  if (!history) return std::unexpected(history.error());
  filter.history = *history;
  const auto after = read_text(params, "statusTimestampAfter");
  if (!after) return std::unexpected(after.error());
  if (!after->empty()) {
    const auto time = base::parse_time(*after);
    if (!time) return std::unexpected(wrong_params("statusTimestampAfter must be a time."));
    filter.after_ms = *time;
  }
  const json::value* artifacts = params.if_contains("includeArtifacts");
  filter.artifacts = artifacts != nullptr && artifacts->is_bool() && artifacts->get_bool();
  return filter;
}

bool fits(const Filter& filter, const A2aTask& task) {
  if (!filter.context_id.empty() && base::lower(filter.context_id) != task.id) return false;
  if (!filter.status.empty() && filter.status != "TASK_STATE_WORKING") return false;
  return base::parse_time(task.timestamp).value_or(0) >= filter.after_ms;
}

}  // namespace

A2aResult<A2aReply> get_task(A2aCall& call) {
  auto id = read_id(call.params);
  if (!id) return std::unexpected(id.error());
  const auto history = read_history(call.params, a2a_standard_history);
  if (!history) return std::unexpected(history.error());
  auto read = read_task(call.rest, call.shape,
                        {.space_id = *std::move(id), .history = *history, .artifacts = true});
  if (!read) return std::unexpected(read.error());
  return call.reply(call.shape.task(std::move(read->task)), std::move(read->fields));
}

A2aResult<A2aReply> list_tasks(A2aCall& call) {
  const auto filter = read_filter(call.params);
  if (!filter) return std::unexpected(filter.error());
  const auto key = call.rest.get("/oresundspace/whoami", {}, Counted::yes);
  if (!key) return std::unexpected(key.error());
  auto read = read_task(call.rest, call.shape,
                        {.space_id = text_of(key->body, "spaceId"),
                         .history = filter->history,
                         .artifacts = filter->artifacts,
                         .counted = Counted::no});
  if (!read) return std::unexpected(read.error());
  json::array tasks;
  if (fits(*filter, read->task)) tasks.push_back(call.shape.task(std::move(read->task)));
  const auto total = static_cast<std::int64_t>(tasks.size());
  return call.reply({{"tasks", std::move(tasks)},
                     {"totalSize", total},
                     {"pageSize", filter->page_size},
                     {"nextPageToken", ""}},
                    carried_fields(key->answer, call.rest.place()));
}

A2aResult<A2aReply> cancel_task(A2aCall& call) {
  auto id = read_id(call.params);
  if (!id) return std::unexpected(id.error());
  const auto closed = call.rest.ask(call.rest.request("DELETE", space_path(*id)));
  if (!closed) {
    A2aRefusal refusal = closed.error();
    if (refusal.reason == "ROLE_FORBIDDEN") {
      refusal.code = a2a_task_not_cancelable;
      refusal.message = "Only the owner's key cancels the task: that closes the space.";
    }
    return std::unexpected(std::move(refusal));
  }
  return call.reply(call.shape.task({.id = *std::move(id),
                                     .state = A2aState::canceled,
                                     .timestamp = text_of(closed->body, "closedAt")}),
                    carried_fields(closed->answer, call.rest.place()));
}

A2aResult<A2aReply> subscribe_to_task(A2aCall& call) {
  auto id = read_id(call.params);
  if (!id) return std::unexpected(id.error());
  A2aReply reply;
  reply.stream = std::make_unique<A2aStream>(A2aStream::Begin{.id = call.id,
                                                              .shape = call.shape,
                                                              .rest = call.rest,
                                                              .space_id = *std::move(id),
                                                              .history = a2a_standard_history,
                                                              .now_ms = call.parts.now_ms});
  return reply;
}

A2aResult<A2aReply> refuse_push(A2aCall& /*call*/) {
  return std::unexpected(A2aRefusal{.code = a2a_push_not_supported,
                                    .reason = "PUSH_NOTIFICATION_NOT_SUPPORTED",
                                    .message = "Push notifications are not offered."});
}

A2aResult<A2aReply> refuse_extended_card(A2aCall& call) {
  if (call.shape.version() == A2aVersion::v0_3) {
    return std::unexpected(A2aRefusal{.code = a2a_no_extended_card,
                                      .reason = "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
                                      .message = "There is no card beyond the public one."});
  }
  return std::unexpected(A2aRefusal{.code = a2a_operation_not_supported,
                                    .reason = "UNSUPPORTED_OPERATION",
                                    .message = "There is no card beyond the public one."});
}

}  // namespace kronborg::doors

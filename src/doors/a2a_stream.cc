#include "doors/a2a_stream.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "doors/a2a_read.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

json::object read_object(std::string_view text) {
  auto value = base::parse_json(text, own_limits);
  return value && value->is_object() ? std::move(value->get_object()) : json::object();
}

}  // namespace

api::Request A2aStream::opening() const {
  return begin_.rest.request("GET", space_path(begin_.space_id) + "/messages/stream");
}

std::string A2aStream::event(json::object result) const {
  return fmt::format("data: {}\n\n", base::to_text(rpc_result(begin_.id, std::move(result))));
}

http::Answer A2aStream::refused(const http::Answer& rest) const {
  if (!begin_.task) {
    return a2a_answer(begin_.id, refusal_of(rest, begin_.rest.place()), begin_.rest.place(),
                      begin_.rest.request_id());
  }
  http::Answer answer;
  answer.content_type = "text/event-stream; charset=utf-8";
  answer.body = event(begin_.shape.task_result(*begin_.task));
  return answer;
}

std::expected<std::string, http::Answer> A2aStream::first() {
  if (begin_.task) {
    A2aTask task = *std::move(begin_.task);
    begin_.task.reset();  // it holds the key
    return event(begin_.shape.task_result(std::move(task)));
  }
  auto read = read_task(begin_.rest, begin_.shape,
                        {.space_id = begin_.space_id,
                         .history = begin_.history,
                         .artifacts = true,
                         .counted = Counted::no});
  if (!read) {
    return std::unexpected(
        a2a_answer(begin_.id, read.error(), begin_.rest.place(), begin_.rest.request_id()));
  }
  own_ = std::move(read->own);
  last_seq_ = read->last_seq;
  revisions_ = std::move(read->revisions);
  return event(begin_.shape.task_result(std::move(read->task)));
}

A2aStream::Step A2aStream::next(const spaces::Notice& notice) {
  switch (notice.kind) {
    case spaces::NoticeKind::message:
      return message(notice);
    case spaces::NoticeKind::artifact:
      return artifact(notice);
    case spaces::NoticeKind::key_ended: {
      const json::object ended = read_object(notice.data);
      return {.text = last(text_of(ended, "code"), text_of(ended, "reason")), .ends = true};
    }
    default:
      return {};
  }
}

/// A changed message (redaction) has no number and is no news here.
A2aStream::Step A2aStream::message(const spaces::Notice& notice) {
  if (notice.seq <= last_seq_) return {};
  last_seq_ = notice.seq;
  const bool browser = begin_.rest.for_browser() && !notice.browser_data.empty();
  const json::object rest = read_object(browser ? notice.browser_data : notice.data);
  return {.text = event(begin_.shape.status_event(
              begin_.space_id, A2aState::working, text_of(rest, "timestamp"),
              begin_.shape.message(rest, begin_.space_id, own_), {}, false))};
}

A2aStream::Step A2aStream::artifact(const spaces::Notice& notice) {
  if (notice.artifact_id.empty()) return {};
  json::object data = read_object(notice.data);
  json::value* summary = data.if_contains("artifact");
  if (summary == nullptr || !summary->is_object()) return {};
  const std::int64_t revision = number_of(summary->get_object(), "revision");
  std::int64_t& sent = revisions_[notice.artifact_id];
  if (revision <= sent) return {};
  sent = revision;
  api::Request request = begin_.rest.request(
      "GET", fmt::format("{}/artifacts/{}/revisions/{}", space_path(begin_.space_id),
                         notice.artifact_id, revision));
  request.resumed = true;
  return {.fetch =
              Fetch{.request = std::move(request), .artifact = std::move(summary->get_object())}};
}

std::string A2aStream::fetched(const Fetch& fetch, const http::Answer& rest) const {
  if (rest.status != 200) return {};
  const json::object revision = read_object(rest.body);
  const json::value* content = revision.if_contains("content");
  if (content == nullptr || !content->is_string()) return {};
  return event(begin_.shape.artifact_event(
      begin_.space_id,
      begin_.shape.artifact(fetch.artifact, std::string_view(content->get_string()))));
}

std::string A2aStream::last(std::string_view code, std::string_view reason) const {
  const A2aState state = code == "space_closed" ? state_after(reason) : A2aState::working;
  return event(begin_.shape.status_event(begin_.space_id, state, base::iso_time(begin_.now_ms()),
                                         std::nullopt, {{"code", code}, {"reason", reason}}, true));
}

}  // namespace kronborg::doors

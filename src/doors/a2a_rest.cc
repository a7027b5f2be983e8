#include "doors/a2a_rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/random.h"
#include "doors/a2a_read.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

/// Content of artifacts in one task, in bytes; what is over it is read one by one over REST.
constexpr std::size_t most_task_content = std::size_t{8} << 20U;

json::array list_of(json::object& object, std::string_view name) {
  json::value* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? std::move(value->get_array()) : json::array();
}

/// The last messages, and the time of the state with them.
A2aResult<void> read_history(const A2aRest& rest, const A2aShape& shape, const TaskWanted& wanted,
                             TaskRead& read) {
  const std::int64_t tail = std::max<std::int64_t>(wanted.history, 1);
  auto listed = rest.get(space_path(wanted.space_id) + "/messages", fmt::format("tail={}", tail),
                         Counted::no);
  if (!listed) return std::unexpected(listed.error());
  for (const json::value& item : list_of(listed->body, "messages")) {
    const json::object& message = item.as_object();
    read.last_seq = std::max(read.last_seq, number_of(message, "seq"));
    read.task.timestamp = std::max(read.task.timestamp, text_of(message, "timestamp"));
    if (wanted.history == 0) continue;
    read.task.history->push_back(shape.message(message, wanted.space_id, read.own));
  }
  return {};
}

A2aResult<void> read_artifacts(const A2aRest& rest, const A2aShape& shape, const TaskWanted& wanted,
                               const json::array& summaries, TaskRead& read) {
  read.task.artifacts.emplace();
  std::size_t room = most_task_content;
  for (const json::value& item : summaries) {
    const json::object& summary = item.as_object();
    const std::string id = text_of(summary, "artifactId");
    if (static_cast<std::size_t>(number_of(summary, "size")) > room) {
      read.revisions[id] = number_of(summary, "revision");
      read.task.artifacts->push_back(shape.artifact(summary, std::nullopt));
      continue;
    }
    const auto found = rest.get(space_path(wanted.space_id) + "/artifacts/" + id, {}, Counted::no);
    if (!found && found.error().reason == "NOT_FOUND") continue;  // deleted since
    if (!found) return std::unexpected(found.error());
    const std::string content = text_of(found->body, "content");
    room -= std::min(room, content.size());
    read.revisions[id] = number_of(found->body, "revision");
    read.task.artifacts->push_back(shape.artifact(found->body, content));
  }
  return {};
}

}  // namespace

A2aRest::A2aRest(const Calls& calls, const DoorRequest& request, A2aPlace place)
    : calls_(calls),
      place_(std::move(place)),
      private_key_(request.private_key),
      bearer_(request.bearer),
      user_token_(request.user_token),
      source_address_(request.source_address),
      request_id_(request.request_id),
      browser_(request.browser) {}

api::Request A2aRest::request(std::string_view method, std::string path) const {
  api::Request request;
  request.method = method;
  request.path = std::move(path);
  request.credential_sent = private_key_ != nullptr || bearer_ != nullptr || user_token_ != nullptr;
  request.source_address = source_address_;
  request.request_id = request_id_;
  request.private_key = private_key_;
  request.bearer = bearer_;
  request.user_token = user_token_;
  request.browser = browser_;
  return request;
}

A2aResult<RestAnswer> A2aRest::ask(const api::Request& request) const {
  http::Answer answer = calls_.call(request, nullptr);
  if (answer.status != 200) return std::unexpected(refusal_of(answer, place_));
  auto body = base::parse_json(answer.body, own_limits);
  if (!body || !body->is_object()) return std::unexpected(broken_answer());
  return RestAnswer{.answer = std::move(answer), .body = std::move(body->get_object())};
}

A2aResult<RestAnswer> A2aRest::get(std::string path, std::string query, Counted counted) const {
  api::Request wanted = request("GET", std::move(path));
  wanted.query = std::move(query);
  wanted.resumed = counted == Counted::no;
  return ask(wanted);
}

void A2aRest::use_key(std::string_view key) {
  private_key_ = std::make_shared<const base::SecretText>(key);
  bearer_ = nullptr;
}

std::string space_path(std::string_view space_id) {
  constexpr std::string_view nobody = "00000000-0000-0000-0000-000000000000";
  return fmt::format("/oresundspace/space/{}", base::is_uuid(space_id) ? space_id : nobody);
}

json::object task_metadata(const json::object& space) {
  json::object metadata;
  for (const std::string_view name : {"name", "privacy", "requiresApproval"}) {
    if (const json::value* value = space.if_contains(name)) metadata[name] = *value;
  }
  return metadata;
}

A2aResult<TaskRead> read_task(const A2aRest& rest, const A2aShape& shape,
                              const TaskWanted& wanted) {
  auto space = rest.get(space_path(wanted.space_id), {}, wanted.counted);
  if (!space) return std::unexpected(space.error());
  TaskRead read{.task = {.id = wanted.space_id,
                         .timestamp = text_of(space->body, "updatedAt"),
                         .history = json::array(),
                         .metadata = task_metadata(space->body)},
                .fields = carried_fields(space->answer, rest.place())};
  if (const json::value* you = space->body.if_contains("you"); you && you->is_object()) {
    read.own = text_of(you->get_object(), "participantId");
  }
  if (number_of(space->body, "lastSeq") > 0) {
    if (const auto done = read_history(rest, shape, wanted, read); !done) {
      return std::unexpected(done.error());
    }
  }
  if (wanted.artifacts) {
    const json::array summaries = list_of(space->body, "artifacts");
    if (const auto done = read_artifacts(rest, shape, wanted, summaries, read); !done) {
      return std::unexpected(done.error());
    }
  }
  return read;
}

}  // namespace kronborg::doors

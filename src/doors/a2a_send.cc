#include <utility>

#include "base/json.h"
#include "doors/a2a_message.h"
#include "doors/a2a_methods.h"
#include "doors/a2a_read.h"
#include "doors/a2a_skill.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

enum class Streams : std::uint8_t { no, yes };

api::Request post(const A2aCall& call, std::string path, std::string_view operation,
                  const json::object& body) {
  api::Request request = call.rest.request("POST", std::move(path));
  request.operation = operation;
  request.body = base::to_text(body);
  request.fields = {{"content-type", "application/json"}};
  return request;
}

A2aStream::Begin begin_of(const A2aCall& call, std::string space_id) {
  return {.id = call.id,
          .shape = call.shape,
          .rest = call.rest,
          .space_id = std::move(space_id),
          .now_ms = call.parts.now_ms};
}

/// What only the maker of a space is told: section 10.3.
json::array creation_parts(const A2aCall& call, const json::object& created) {
  json::object data;
  for (const std::string_view name :
       {"spaceId", "ownerId", "ownerPrivateKey", "keyId", "keyExpiresAt", "invitation"}) {
    if (const json::value* value = created.if_contains(name)) data[name] = *value;
  }
  json::array parts;
  parts.push_back(
      call.shape.text_part("Space created. Keep ownerPrivateKey and send it as X-Private-Key. "
                           "Invite others and moderate "
                           "with the REST API or MCP: " +
                           call.rest.place().origin + "/auth.md"));
  parts.push_back(call.shape.data_part(std::move(data)));
  return parts;
}

A2aTask created_task(const A2aCall& call, const json::object& created,
                     const std::string& document) {
  A2aTask task{.id = text_of(created, "spaceId"),
               .timestamp = text_of(created, "createdAt"),
               .metadata = task_metadata(created)};
  task.status_message =
      call.shape.own_message(call.parts.new_id(), task.id, creation_parts(call, created));
  if (const json::value* artifact = created.if_contains("artifact")) {
    task.artifacts.emplace().push_back(call.shape.artifact(artifact->as_object(), document));
  }
  if (const json::value* warnings = created.if_contains("warnings")) {
    task.metadata["warnings"] = *warnings;
  }
  return task;
}

/// A message without a task makes a space.
A2aResult<A2aReply> create(A2aCall& call, const A2aSend& send, Streams streams) {
  const auto creation = creation_of(send.parts);
  if (!creation) return std::unexpected(creation.error());
  const auto made =
      call.rest.ask(post(call, "/oresundspace/space", creation->operation, creation->body));
  if (!made) return std::unexpected(made.error());
  A2aTask task = created_task(call, made->body, creation->document);
  if (streams == Streams::no) {
    return call.reply(call.shape.task_result(std::move(task)),
                      carried_fields(made->answer, call.rest.place()));
  }
  A2aStream::Begin begin = begin_of(call, task.id);
  begin.rest.use_key(text_of(made->body, "ownerPrivateKey"));
  begin.own = text_of(made->body, "ownerId");
  begin.task = std::move(task);
  A2aReply reply;
  reply.stream = std::make_unique<A2aStream>(std::move(begin));
  return reply;
}

/// The task when it cannot be read any more: what is known is that the messages were taken.
A2aTask sent_task(const std::string& space_id, const json::object& sent) {
  A2aTask task{.id = space_id};
  const json::value* messages = sent.if_contains("messages");
  if (messages != nullptr && messages->is_array() && !messages->get_array().empty()) {
    task.timestamp = text_of(messages->get_array().back().as_object(), "timestamp");
  }
  return task;
}

/// Each part is a message of the space, in one transaction.
A2aResult<A2aReply> say(A2aCall& call, const A2aSend& send, Streams streams) {
  api::Request request = post(call, space_path(send.task_id) + "/messages", "sendMessages",
                              {{"messages", messages_of(send.parts)}});
  request.fields.emplace_back("idempotency-key", idempotency_field(send.message_id));
  const auto sent = call.rest.ask(request);
  if (!sent) return std::unexpected(sent.error());
  if (streams == Streams::yes) {
    A2aStream::Begin begin = begin_of(call, send.task_id);
    begin.history = send.history;
    A2aReply reply;
    reply.stream = std::make_unique<A2aStream>(std::move(begin));
    return reply;
  }
  auto read =
      read_task(call.rest, call.shape,
                {.space_id = send.task_id, .history = send.history, .counted = Counted::no});
  A2aTask task = read ? std::move(read->task) : sent_task(send.task_id, sent->body);
  return call.reply(call.shape.task_result(std::move(task)),
                    carried_fields(sent->answer, call.rest.place()));
}

A2aResult<A2aReply> take(A2aCall& call, Streams streams) {
  const auto send = read_send(call.params, call.shape.version());
  if (!send) return std::unexpected(send.error());
  return send->task_id.empty() ? create(call, *send, streams) : say(call, *send, streams);
}

}  // namespace

A2aResult<A2aReply> send_message(A2aCall& call) { return take(call, Streams::no); }
A2aResult<A2aReply> stream_message(A2aCall& call) { return take(call, Streams::yes); }

}  // namespace kronborg::doors

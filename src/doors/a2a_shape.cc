#include "doors/a2a_shape.h"

#include <array>
#include <utility>

#include "doors/a2a_read.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

/// In the order of A2aState.
constexpr std::array<std::string_view, 4> states_0_3 = {"working", "canceled", "completed",
                                                        "failed"};
constexpr std::array<std::string_view, 4> states_1_0 = {
    "TASK_STATE_WORKING", "TASK_STATE_CANCELED", "TASK_STATE_COMPLETED", "TASK_STATE_FAILED"};

/// What of a message of REST stands in `metadata`.
constexpr std::string_view message_members[] = {"seq",     "timestamp", "type",     "sender",
                                                "replyTo", "mentions",  "redacted", "sanitized"};
constexpr std::string_view artifact_members[] = {"revision", "sha256", "mediaType"};

template <std::size_t N>
json::object chosen(const json::object& from, const std::string_view (&names)[N]) {
  json::object result;
  for (const std::string_view name : names) {
    if (const json::value* value = from.if_contains(name)) result[name] = *value;
  }
  return result;
}

}  // namespace

A2aState state_after(std::string_view reason) {
  if (reason == "ttl") return A2aState::completed;
  if (reason == "operator") return A2aState::failed;
  return A2aState::canceled;
}

std::string_view A2aShape::name_of(A2aState state) const {
  const auto& names = version_ == A2aVersion::v0_3 ? states_0_3 : states_1_0;
  return names.at(static_cast<std::size_t>(state));
}

json::object A2aShape::text_part(std::string_view text) const {
  if (version_ == A2aVersion::v0_3) return {{"kind", "text"}, {"text", text}};
  return {{"text", text}};
}

json::object A2aShape::data_part(json::value data) const {
  if (version_ == A2aVersion::v0_3) return {{"kind", "data"}, {"data", std::move(data)}};
  return {{"data", std::move(data)}};
}

json::object A2aShape::image_part(std::string_view content) const {
  constexpr std::string_view scheme = "data:";
  constexpr std::string_view coding = ";base64,";
  json::object file;
  const auto comma = content.find(coding);
  const bool whole = content.starts_with(scheme) && comma != std::string_view::npos;
  if (version_ == A2aVersion::v0_3) {
    if (whole) {
      file["mimeType"] = content.substr(scheme.size(), comma - scheme.size());
      file["bytes"] = content.substr(comma + coding.size());
    } else {
      file["uri"] = content;
    }
    return {{"kind", "file"}, {"file", std::move(file)}};
  }
  if (!whole) return {{"url", content}};
  return {{"raw", content.substr(comma + coding.size())},
          {"mediaType", content.substr(scheme.size(), comma - scheme.size())}};
}

json::object A2aShape::content_part(const json::object& rest) const {
  const std::string content = text_of(rest, "content");
  if (text_of(rest, "type") == "image" && !content.empty()) return image_part(content);
  return text_part(content);
}

json::object A2aShape::envelope(std::string_view message_id, bool by_user,
                                std::string_view space_id, json::array parts) const {
  json::object message;
  if (version_ == A2aVersion::v0_3) message["kind"] = "message";
  message["messageId"] = message_id;
  if (version_ == A2aVersion::v0_3) {
    message["role"] = by_user ? "user" : "agent";
  } else {
    message["role"] = by_user ? "ROLE_USER" : "ROLE_AGENT";
  }
  message["taskId"] = space_id;
  message["contextId"] = space_id;
  message["parts"] = std::move(parts);
  return message;
}

json::object A2aShape::message(const json::object& rest, std::string_view space_id,
                               std::string_view own) const {
  bool by_user = false;
  if (const json::value* sender = rest.if_contains("sender"); sender && sender->is_object()) {
    by_user = !own.empty() && text_of(sender->get_object(), "participantId") == own;
  }
  json::array parts;
  parts.push_back(content_part(rest));
  json::object message = envelope(text_of(rest, "id"), by_user, space_id, std::move(parts));
  message["metadata"] = chosen(rest, message_members);
  return message;
}

json::object A2aShape::own_message(std::string_view message_id, std::string_view space_id,
                                   json::array parts) const {
  return envelope(message_id, false, space_id, std::move(parts));
}

json::object A2aShape::artifact(const json::object& summary,
                                std::optional<std::string_view> content) const {
  json::object part = text_part(content.value_or(""));
  if (!content) part["metadata"] = json::object{{"contentOmitted", true}};
  json::array parts;
  parts.push_back(std::move(part));
  return {{"artifactId", text_of(summary, "artifactId")},
          {"name", text_of(summary, "name")},
          {"parts", std::move(parts)},
          {"metadata", chosen(summary, artifact_members)}};
}

json::object A2aShape::task(A2aTask task) const {
  json::object status{{"state", name_of(task.state)}, {"timestamp", task.timestamp}};
  if (task.status_message) status["message"] = *std::move(task.status_message);
  json::object object;
  if (version_ == A2aVersion::v0_3) object["kind"] = "task";
  object["id"] = task.id;
  object["contextId"] = task.id;
  object["status"] = std::move(status);
  if (task.artifacts) object["artifacts"] = *std::move(task.artifacts);
  if (task.history) object["history"] = *std::move(task.history);
  if (!task.metadata.empty()) object["metadata"] = std::move(task.metadata);
  return object;
}

json::object A2aShape::task_result(A2aTask task) const {
  json::object object = this->task(std::move(task));
  if (version_ == A2aVersion::v0_3) return object;
  return {{"task", std::move(object)}};
}

json::object A2aShape::status_event(std::string_view space_id, A2aState state,
                                    std::string_view timestamp, std::optional<json::object> message,
                                    json::object metadata, bool final) const {
  json::object status{{"state", name_of(state)}, {"timestamp", timestamp}};
  if (message) status["message"] = *std::move(message);
  json::object event;
  if (version_ == A2aVersion::v0_3) event["kind"] = "status-update";
  event["taskId"] = space_id;
  event["contextId"] = space_id;
  event["status"] = std::move(status);
  if (version_ == A2aVersion::v0_3) event["final"] = final;
  if (!metadata.empty()) event["metadata"] = std::move(metadata);
  if (version_ == A2aVersion::v0_3) return event;
  return {{"statusUpdate", std::move(event)}};
}

json::object A2aShape::artifact_event(std::string_view space_id, json::object artifact) const {
  json::object event;
  if (version_ == A2aVersion::v0_3) event["kind"] = "artifact-update";
  event["taskId"] = space_id;
  event["contextId"] = space_id;
  event["artifact"] = std::move(artifact);
  event["append"] = false;
  event["lastChunk"] = true;
  if (version_ == A2aVersion::v0_3) return event;
  return {{"artifactUpdate", std::move(event)}};
}

}  // namespace kronborg::doors

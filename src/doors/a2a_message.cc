#include "doors/a2a_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;

constexpr std::size_t most_id_characters = 255;  // docs/protocol/http.md section 11

const json::value* given(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

A2aRefusal other_content(std::string message) {
  return {.code = a2a_content_type_not_supported,
          .reason = "CONTENT_TYPE_NOT_SUPPORTED",
          .message = std::move(message)};
}

A2aResult<const json::object*> read_object(const json::object& object, std::string_view name) {
  const json::value* value = given(object, name);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) {
    return std::unexpected(wrong_params(fmt::format("{} must be an object.", name)));
  }
  return &value->get_object();
}

/// A file with its bytes in base64, or at an address.
A2aResult<A2aPart> image_part(const std::string& bytes, const std::string& uri,
                              const std::string& media_type) {
  if (bytes.empty() == uri.empty()) {
    return std::unexpected(wrong_params("A file has either its bytes or an address."));
  }
  const std::string type = base::lower(media_type);
  if (!type.starts_with("image/") && !(bytes.empty() && type.empty())) {
    return std::unexpected(other_content("Only images are taken as files."));
  }
  return A2aPart{.kind = A2aPart::Kind::image,
                 .text = bytes.empty() ? uri : "data:" + type + ";base64," + bytes};
}

A2aResult<A2aPart> data_part(const json::value* data) {
  if (data == nullptr) return std::unexpected(wrong_params("A data part has `data`."));
  return A2aPart{.kind = A2aPart::Kind::data, .data = *data};
}

A2aResult<A2aPart> part_0_3(const json::object& part) {
  const auto kind = read_needed_text(part, "kind");
  if (!kind) return std::unexpected(kind.error());
  if (*kind == "text") {
    auto text = read_needed_text(part, "text");
    if (!text) return std::unexpected(text.error());
    return A2aPart{.text = *std::move(text)};
  }
  if (*kind == "data") return data_part(given(part, "data"));
  if (*kind != "file") return std::unexpected(other_content("Parts are text, data or file."));
  const auto file = read_object(part, "file");
  if (!file) return std::unexpected(file.error());
  if (*file == nullptr) return std::unexpected(wrong_params("A file part has `file`."));
  const auto bytes = read_text(**file, "bytes");
  if (!bytes) return std::unexpected(bytes.error());
  const auto uri = read_text(**file, "uri");
  if (!uri) return std::unexpected(uri.error());
  const auto type = read_text(**file, "mimeType");
  if (!type) return std::unexpected(type.error());
  return image_part(*bytes, *uri, *type);
}

A2aResult<A2aPart> part_1_0(const json::object& part) {
  constexpr std::string_view contents[] = {"text", "data", "raw", "url"};
  const auto count =
      std::ranges::count_if(contents, [&](std::string_view name) { return part.contains(name); });
  if (count != 1) {
    return std::unexpected(wrong_params("A part has exactly one of text, data, raw and url."));
  }
  if (part.contains("data")) return data_part(part.if_contains("data"));
  if (part.contains("text")) {
    auto text = read_needed_text(part, "text");
    if (!text) return std::unexpected(text.error());
    return A2aPart{.text = *std::move(text)};
  }
  const auto raw = read_text(part, "raw");
  if (!raw) return std::unexpected(raw.error());
  const auto url = read_text(part, "url");
  if (!url) return std::unexpected(url.error());
  const auto type = read_text(part, "mediaType");
  if (!type) return std::unexpected(type.error());
  return image_part(*raw, *url, *type);
}

A2aResult<std::vector<A2aPart>> read_parts(const json::object& message, A2aVersion version) {
  const json::value* list = given(message, "parts");
  if (list == nullptr || !list->is_array() || list->get_array().empty()) {
    return std::unexpected(wrong_params("message.parts must be an array of at least one part."));
  }
  std::vector<A2aPart> parts;
  for (const json::value& item : list->get_array()) {
    if (!item.is_object()) return std::unexpected(wrong_params("A part must be an object."));
    auto part =
        version == A2aVersion::v0_3 ? part_0_3(item.get_object()) : part_1_0(item.get_object());
    if (!part) return std::unexpected(part.error());
    parts.push_back(*std::move(part));
  }
  return parts;
}

A2aResult<std::string> read_message_id(const json::object& message) {
  auto id = read_needed_text(message, "messageId");
  if (!id) return id;
  const bool visible = std::ranges::all_of(*id, [](char c) { return c >= 0x20 && c <= 0x7E; });
  if (id->empty() || id->size() > most_id_characters || !visible) {
    return std::unexpected(wrong_params("message.messageId has 1 to 255 visible characters."));
  }
  return id;
}

/// The task of the message. taskId and contextId are one.
A2aResult<std::string> read_task_id(const json::object& message) {
  const auto task = read_text(message, "taskId");
  if (!task) return task;
  const auto context = read_text(message, "contextId");
  if (!context) return context;
  const std::string id = base::lower(task->empty() ? *context : *task);
  if (!context->empty() && base::lower(*context) != id) {
    return std::unexpected(wrong_params("taskId and contextId of a message are the same here."));
  }
  return id;
}

A2aResult<std::int64_t> read_configuration(const json::object& params) {
  const auto configuration = read_object(params, "configuration");
  if (!configuration) return std::unexpected(configuration.error());
  if (*configuration == nullptr) return a2a_standard_history;
  for (const std::string_view name : {"pushNotificationConfig", "taskPushNotificationConfig"}) {
    if (given(**configuration, name) == nullptr) continue;
    return std::unexpected(A2aRefusal{.code = a2a_push_not_supported,
                                      .reason = "PUSH_NOTIFICATION_NOT_SUPPORTED",
                                      .message = "Push notifications are not offered."});
  }
  return read_history(**configuration, a2a_standard_history);
}

}  // namespace

A2aResult<std::string> read_text(const json::object& params, std::string_view name) {
  const json::value* value = given(params, name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) {
    return std::unexpected(wrong_params(fmt::format("{} must be text.", name)));
  }
  return std::string(value->get_string());
}

A2aResult<std::string> read_needed_text(const json::object& params, std::string_view name) {
  if (given(params, name) == nullptr) {
    return std::unexpected(wrong_params(fmt::format("{} is required.", name)));
  }
  return read_text(params, name);
}

A2aResult<std::int64_t> read_history(const json::object& params, std::int64_t standard) {
  const json::value* value = given(params, "historyLength");
  if (value == nullptr) return standard;
  boost::system::error_code wrong;
  const auto length = value->is_number() ? value->to_number<std::int64_t>(wrong) : -1;
  if (wrong || length < 0) {
    return std::unexpected(wrong_params("historyLength must be an integer of at least 0."));
  }
  return std::min(length, a2a_most_history);
}

A2aResult<A2aSend> read_send(const json::object& params, A2aVersion version) {
  const auto message = read_object(params, "message");
  if (!message) return std::unexpected(message.error());
  if (*message == nullptr) return std::unexpected(wrong_params("message is required."));
  A2aSend send;
  auto id = read_message_id(**message);
  if (!id) return std::unexpected(id.error());
  send.message_id = *std::move(id);
  auto task = read_task_id(**message);
  if (!task) return std::unexpected(task.error());
  send.task_id = *std::move(task);
  auto parts = read_parts(**message, version);
  if (!parts) return std::unexpected(parts.error());
  send.parts = *std::move(parts);
  const auto history = read_configuration(params);
  if (!history) return std::unexpected(history.error());
  send.history = *history;
  return send;
}

json::array messages_of(const std::vector<A2aPart>& parts) {
  json::array messages;
  for (const A2aPart& part : parts) {
    const bool image = part.kind == A2aPart::Kind::image;
    const bool data = part.kind == A2aPart::Kind::data;
    messages.push_back(json::object{{"type", image ? "image" : "text"},
                                    {"content", data ? base::to_text(part.data) : part.text}});
  }
  return messages;
}

std::string idempotency_field(std::string_view message_id) {
  if (message_id.find_first_of(" \"") == std::string_view::npos) return std::string(message_id);
  std::string field = "\"";
  for (const char c : message_id) {
    if (c == '"' || c == '\\') field += '\\';
    field += c;
  }
  return field + '"';
}

}  // namespace kronborg::doors

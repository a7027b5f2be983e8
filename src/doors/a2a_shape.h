#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kronborg::doors {

enum class A2aVersion : std::uint8_t { v0_3, v1_0 };

/// One space is one task (docs/protocol/discovery.md section 10.2).
enum class A2aState : std::uint8_t { working, canceled, completed, failed };
/// How a space ended: `reason` of docs/protocol/spaces.md section 11.2.
A2aState state_after(std::string_view reason);

/// A space as a task; its parts are in the shape of the version already.
struct A2aTask {
  std::string id;  ///< of the space, the task and its context
  A2aState state = A2aState::working;
  std::string timestamp = {};  ///< of the state
  std::optional<boost::json::object> status_message = {};
  std::optional<boost::json::array> artifacts = {}, history = {};
  boost::json::object metadata = {};
};

/// The objects of the protocol as one version writes them, made from the objects of REST.
class A2aShape {
 public:
  explicit A2aShape(A2aVersion version) : version_(version) {}
  [[nodiscard]] A2aVersion version() const { return version_; }

  [[nodiscard]] boost::json::object text_part(std::string_view text) const;
  [[nodiscard]] boost::json::object data_part(boost::json::value data) const;
  /// A message object of REST with its content. `own`: participant id of the reader, whose messages
  /// are the user's.
  [[nodiscard]] boost::json::object message(const boost::json::object& rest,
                                            std::string_view space_id, std::string_view own) const;
  /// What this server says to the client.
  [[nodiscard]] boost::json::object own_message(std::string_view message_id,
                                                std::string_view space_id,
                                                boost::json::array parts) const;
  /// `summary`: an artifact object of REST. Without `content` the part is empty and its metadata
  /// says so.
  [[nodiscard]] boost::json::object artifact(const boost::json::object& summary,
                                             std::optional<std::string_view> content) const;
  [[nodiscard]] boost::json::object task(A2aTask task) const;

  /// `result` of SendMessage and its like: 1.0 says in a member what it is.
  [[nodiscard]] boost::json::object task_result(A2aTask task) const;
  // `result` of one event of a stream.
  [[nodiscard]] boost::json::object status_event(std::string_view space_id, A2aState state,
                                                 std::string_view timestamp,
                                                 std::optional<boost::json::object> message,
                                                 boost::json::object metadata, bool final) const;
  [[nodiscard]] boost::json::object artifact_event(std::string_view space_id,
                                                   boost::json::object artifact) const;

 private:
  [[nodiscard]] boost::json::object envelope(std::string_view message_id, bool by_user,
                                             std::string_view space_id,
                                             boost::json::array parts) const;
  [[nodiscard]] boost::json::object content_part(const boost::json::object& rest) const;
  [[nodiscard]] boost::json::object image_part(std::string_view content) const;
  [[nodiscard]] std::string_view name_of(A2aState state) const;

  A2aVersion version_;
};

}  // namespace kronborg::doors

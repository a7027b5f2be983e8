#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "doors/a2a_refusal.h"
#include "doors/a2a_shape.h"
#include "doors/door.h"

namespace kronborg::doors {

/// Whether a call takes tokens of the rate limits: of the calls that answer one request to the
/// door, the first one does.
enum class Counted : std::uint8_t { yes, no };

/// An answer of the REST surface, read.
struct RestAnswer {
  http::Answer answer;
  boost::json::object body;
};

/// The REST surface as it is open to who sent a request to the door. Holds the credentials, so that
/// a stream may outlive the request.
class A2aRest {
 public:
  A2aRest(const Calls& calls, const DoorRequest& request, A2aPlace place);

  [[nodiscard]] api::Request request(std::string_view method, std::string path) const;
  /// 200 with an object, or the refusal in this door's words.
  A2aResult<RestAnswer> ask(const api::Request& request) const;
  A2aResult<RestAnswer> get(std::string path, std::string query, Counted counted) const;

  /// From now on with this key alone: that of a space that has just been made.
  void use_key(std::string_view key);
  [[nodiscard]] const A2aPlace& place() const { return place_; }
  [[nodiscard]] const std::string& request_id() const { return request_id_; }
  [[nodiscard]] bool for_browser() const { return browser_; }

 private:
  const Calls& calls_;
  A2aPlace place_;
  api::SharedSecret private_key_, bearer_, user_token_;
  std::string source_address_, request_id_;
  bool browser_ = false;
};

/// `/oresundspace/space/<id>`; for what is no id, that of a space that cannot exist, so that the
/// answer is the one to a foreign task.
std::string space_path(std::string_view space_id);

/// What of a space is read for a task.
struct TaskWanted {
  std::string space_id;
  std::int64_t history = 0;  ///< messages, at most a2a_most_history
  bool artifacts = false;    ///< with their content
  Counted counted = Counted::yes;
};

struct TaskRead {
  A2aTask task;
  std::string own = {};                                ///< participant id of the reader
  std::int64_t last_seq = 0;                           ///< of the last message that was read
  std::map<std::string, std::int64_t> revisions = {};  ///< by artifact id
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< for the door's answer
};

/// The space, its last messages and its artifacts as one task. Waits for the store.
A2aResult<TaskRead> read_task(const A2aRest& rest, const A2aShape& shape, const TaskWanted& wanted);
/// `metadata` of a task, from a space object.
boost::json::object task_metadata(const boost::json::object& space);

}  // namespace kronborg::doors

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace kronborg::cli {

/// One event of a stream of server-sent events.
struct StreamEvent {
  std::string name;  ///< "message" when it was not said
  std::string id;    ///< of this event; empty when it had none
  std::string data;
};

/// Reads a stream as it comes (WHATWG HTML section 9.2.6). Holds at most 16 MiB of one event; a
/// longer one is dropped.
class EventReader {
 public:
  /// Hands whole events to `take` until that returns false; what it returned last.
  bool add(std::string_view bytes, const std::function<bool(const StreamEvent&)>& take);
  /// What the server asked a client to wait before it connects again; 0 when it did not.
  [[nodiscard]] std::int64_t retry_ms() const { return retry_ms_; }

 private:
  void take_line(std::string_view line);

  std::string line_;
  StreamEvent event_;
  bool after_return_ = false;  ///< a line feed right behind belongs to the carriage return
  bool has_data_ = false;
  std::int64_t retry_ms_ = 0;
};

}  // namespace kronborg::cli

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "doors/a2a_rest.h"
#include "spaces/notice.h"

namespace kronborg::doors {

/// One open stream of the A2A door (message/stream, tasks/resubscribe and their 1.0 names). It
/// makes the text; who owns the connection subscribes to the space, waits and writes. Used by one
/// thread at a time. The way of a stream:
///   1. opening() lets the reader in (a Reader of api::Router::admit); what refuses it goes through
///      refused(), and the stream ends before it began;
///   2. after the subscription, first() on a thread that may wait;
///   3. next() for each notice of the space in order, until one ends it.
class A2aStream {
 public:
  struct Begin {
    RpcId id;  ///< of the request: every event is an answer to it
    A2aShape shape;
    A2aRest rest;
    std::string space_id;
    std::int64_t history = 0;  ///< messages in the first event
    /// Of a space that was made just now: the first event, as it is, and the owner's participant
    /// id.
    std::optional<A2aTask> task = {};
    std::string own = {};
    std::function<std::int64_t()> now_ms;
  };
  explicit A2aStream(Begin begin) : begin_(std::move(begin)), own_(begin_.own) {}

  /// GET <space>/messages/stream with the credential of the reader.
  [[nodiscard]] api::Request opening() const;
  /// The answer when it was refused. A space that was made just now is answered nevertheless, as a
  /// stream of one event: its key is shown nowhere else.
  [[nodiscard]] http::Answer refused(const http::Answer& rest) const;

  /// The text of the event with the task, or the answer that refuses. Waits.
  std::expected<std::string, http::Answer> first();

  /// A revision whose content is to be fetched: call `request` on a thread that may wait, then
  /// fetched().
  struct Fetch {
    api::Request request;
    boost::json::object artifact;  ///< its summary
  };
  struct Step {
    std::string text = {};            ///< to be sent; empty: nothing
    std::optional<Fetch> fetch = {};  ///< instead of a text
    bool ends = false;                ///< the stream ends behind the text
  };
  /// Of notices of kind key_ended only that of the reader's own key is passed.
  Step next(const spaces::Notice& notice);
  /// The event of the revision; empty when it is gone. Thread-safe.
  [[nodiscard]] std::string fetched(const Fetch& fetch, const http::Answer& rest) const;
  /// The last event. `code` and `reason` as in docs/protocol/spaces.md section 11.2.
  [[nodiscard]] std::string last(std::string_view code, std::string_view reason) const;

 private:
  [[nodiscard]] std::string event(boost::json::object result) const;
  Step message(const spaces::Notice& notice);
  Step artifact(const spaces::Notice& notice);

  Begin begin_;
  std::string own_;                                ///< participant id of the reader
  std::int64_t last_seq_ = 0;                      ///< of the last message that was sent
  std::map<std::string, std::int64_t> revisions_;  ///< sent, by artifact id
};

}  // namespace kronborg::doors

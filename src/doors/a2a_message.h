#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doors/a2a_refusal.h"
#include "doors/a2a_shape.h"

namespace kronborg::doors {

inline constexpr std::int64_t a2a_standard_history = 20;  ///< messages; section 10.2
inline constexpr std::int64_t a2a_most_history = 100;

/// One part of a message as it was sent, in either version.
struct A2aPart {
  enum class Kind : std::uint8_t { text, data, image };
  Kind kind = Kind::text;
  /// Of text: itself. Of data: empty. Of an image: content of an image message, a URL or a data
  /// URL.
  std::string text = {};
  boost::json::value data = nullptr;
};

/// Params of message/send and its like.
struct A2aSend {
  std::string message_id = {};  ///< the idempotency key of the request
  std::string task_id = {};     ///< as sent, lower case; empty: a new space
  std::vector<A2aPart> parts = {};
  std::int64_t history = a2a_standard_history;
};

/// Refusals: -32602, -32005 for parts of another kind, -32003 when push notifications are asked
/// for.
A2aResult<A2aSend> read_send(const boost::json::object& params, A2aVersion version);
/// `messages` of the operation sendMessages: each part is a message.
boost::json::array messages_of(const std::vector<A2aPart>& parts);

/// An optional member that holds text. Refusal: -32602.
A2aResult<std::string> read_text(const boost::json::object& params, std::string_view name);
/// A member that must hold text.
A2aResult<std::string> read_needed_text(const boost::json::object& params, std::string_view name);
/// `historyLength`: at least 0, cut to a2a_most_history.
A2aResult<std::int64_t> read_history(const boost::json::object& params, std::int64_t standard);

/// The value of Idempotency-Key for this id: in quotes where it needs them.
std::string idempotency_field(std::string_view message_id);

}  // namespace kronborg::doors

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json_members.h"
#include "channel/handshake.h"
#include "channel/sessions.h"
#include "support/known_answers.h"

namespace kronborg::channel {

using support::text_of;
using support::json::object;

class SetClock final : public base::Clock {
 public:
  explicit SetClock(std::int64_t now = 1'799'996'400) : now_ms_(now * 1000) {}
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
  void set(std::int64_t now) { now_ms_ = now * 1000; }
  void step(std::int64_t seconds) { now_ms_ += seconds * 1000; }

 private:
  std::atomic<std::int64_t> now_ms_;
};

/// `ok` or the code of the error.
template <class R>
std::string code_of(const R& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

inline ClientHello client_hello_of(const object& row) {
  return {.agent_address = text_of(row, "agentAddress"),
          .enc_pub = text_of(row, "encPub"),
          .nonce = text_of(row, "nonce")};
}
inline ServerHello server_hello_of(const object& row) {
  return {.sid = text_of(row, "sid"),
          .enc_pub = text_of(row, "encPub"),
          .expires_at = row.at("expiresAt").as_int64(),
          .signature = text_of(row, "signature")};
}

/// The keys that the vectors give a session.
inline SessionKeys keys_of(const object& session) {
  return {.c2s = support::secret_of(text_of(session, "c2s_hex")),
          .s2c = support::secret_of(text_of(session, "s2c_hex"))};
}
inline Sessions::New session_of(const object& session) {
  const object& hello = session.at("server_hello").as_object();
  return {.sid = text_of(hello, "sid"),
          .keys = keys_of(session),
          .expires_at = hello.at("expiresAt").as_int64(),
          .agent = identity::Address::parse(text_of(session, "agent_address")).value(),
          .source = base::source_of("192.0.2.1")};
}

/// A request of the vectors as it travels: `seq` stands there as decimal text.
inline std::string on_the_wire(const object& request) {
  std::string text = "{";
  for (const auto& member : request) {
    if (text.size() > 1) text += ',';
    text += base::to_text(base::json::value(member.key())) + ":";
    text += member.key() == "seq" ? std::string(member.value().as_string())
                                  : base::to_text(member.value());
  }
  return text + "}";
}

}  // namespace kronborg::channel

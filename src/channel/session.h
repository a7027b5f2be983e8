#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "channel/handshake.h"
#include "crypto/chacha20_poly1305.h"

namespace kronborg::channel {

/// Which sequence numbers were accepted: the highest and the 63 below it
/// (docs/protocol/secure-channel.md section 2). Not thread-safe.
class ReplayWindow {
 public:
  /// true: the number is new, and from now on accepted.
  bool accept(std::uint64_t seq);

 private:
  std::uint64_t highest_ = 0;
  std::uint64_t seen_ = 0;  ///< bit i: highest_ - i
};

/// 4 zero bytes and the number, big-endian.
crypto::ChaChaNonce nonce_of(std::uint64_t number);
/// Associated data of a call.
std::string call_data(std::string_view sid, std::uint64_t seq);
/// The key of the answer to one call.
base::Secret<32> response_key(const base::Secret<32>& s2c, std::uint64_t seq);

/// A call as it travels: the body of POST /secure/call, and its number.
struct SealedRequest {
  std::uint64_t seq = 0;
  std::string body;
};

/// The client's side of a session. Numbers rise by 1 and none is used twice, also after a network
/// error: a repeat of a request is sealed anew. Thread-safe.
class ClientSession {
 public:
  explicit ClientSession(Established established) : established_(std::move(established)) {}

  /// `inner`: of write_inner_request().
  [[nodiscard]] SealedRequest seal(std::string_view inner);
  /// For AnswerOpener.
  [[nodiscard]] base::Secret<32> key_of_answer(std::uint64_t seq) const;
  [[nodiscard]] const std::string& sid() const { return established_.sid; }
  /// 60 s before the end: time for a new session. `now` in Unix seconds.
  [[nodiscard]] bool ends_soon(std::int64_t now) const {
    return now >= established_.expires_at - 60;
  }

 private:
  const Established established_;
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace kronborg::channel

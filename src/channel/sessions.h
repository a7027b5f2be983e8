#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/source_address.h"
#include "channel/handshake.h"
#include "channel/session.h"
#include "identity/address.h"

namespace kronborg::channel {

/// The body of POST /secure/call as read, still sealed.
struct SealedCall {
  std::int64_t v = 0;
  std::string sid;
  std::uint64_t seq = 0;
  std::string ct;  ///< as sent
};
/// Row 2 of docs/protocol/secure-channel.md section 2. Error: secure_malformed.
base::Result<SealedCall> read_sealed_call(std::string_view body);

/// A call whose tag verified and whose number is used up.
struct OpenedCall {
  base::SecretText inner;         ///< JSON, for read_inner_request()
  base::Secret<32> response_key;  ///< for AnswerSealer
  std::string sid;
  std::uint64_t seq = 0;
  identity::Address agent;  ///< whose key the handshake was signed with
};

/// The host's sessions, in memory only: wiped at their end, all of them at the end of the process.
/// Bounded: when all places, or those of one source, are taken, the session that ends first goes.
/// Thread-safe; nothing is deciphered under the lock.
class Sessions {
 public:
  static constexpr std::size_t most = 256;
  static constexpr std::size_t most_of_source = 32;

  explicit Sessions(const base::Clock& clock) : clock_(clock) {}

  struct New {
    std::string sid;
    SessionKeys keys;
    std::int64_t expires_at = 0;  ///< Unix seconds
    identity::Address agent;
    base::Source source;
  };
  void add(New session);

  /// Rows 3 to 5. Errors: secure_session_unknown, secure_decrypt_failed, secure_replay. Check and
  /// mark of the number are one step, after the tag verified.
  base::Result<OpenedCall> open(const SealedCall& call);

  /// Ends the sessions of an address that was retired; how many there were.
  std::size_t end_of_agent(const identity::Address& agent);
  /// Ends, and wipes, what is over, and the sessions of every address that is not `served` any
  /// more. `served` is called under the lock: it looks at memory only.
  void sweep(const std::function<bool(const identity::Address&)>& served);
  /// Not ended yet.
  [[nodiscard]] std::size_t live() const;

 private:
  struct Session {
    SessionKeys keys;
    std::int64_t expires_at = 0;
    identity::Address agent;
    base::Source source;
    ReplayWindow window;
  };
  using Table = std::map<std::string, Session, std::less<>>;

  /// nullptr: unknown or ended.
  Session* find(std::string_view sid, std::int64_t now);
  void drop_first_to_end(const base::Source* of);

  // Constant after construction.
  const base::Clock& clock_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  Table table_;
};

}  // namespace kronborg::channel

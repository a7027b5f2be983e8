#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/attempt_window.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "channel/sessions.h"
#include "crypto/secp256k1.h"
#include "identity/address.h"

namespace kronborg::channel {

/// What a handshake asks of the authority. Thread-safe; `sign` may block.
struct Identities {
  /// An agent of the authority, or its connect identity with the host device's id or an empty one.
  std::function<bool(const identity::Address&)> known;
  std::function<bool()> locked;
  /// Under Prefix::secure_channel, by the key of that address.
  std::function<base::Result<crypto::Signature>(const identity::Address&,
                                                std::string_view transcript)>
      sign;
};

/// POST /secure/session (docs/protocol/secure-channel.md section 1). Thread-safe; blocks while the
/// transcript is signed.
class Handshakes {
 public:
  Handshakes(const base::Clock& clock, base::Random& random, Sessions& sessions,
             Identities identities);

  /// The first failing row of the table, or the JSON of the server's hello. `source`: address of
  /// the client. channel_rate_limited has the detail `retryAfter`.
  base::Result<std::string> shake(std::string_view source, std::string_view body);

 private:
  const base::Clock& clock_;
  base::Random& random_;
  Sessions& sessions_;
  const Identities identities_;
  base::AttemptWindow attempts_;
};

}  // namespace kronborg::channel

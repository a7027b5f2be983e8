#pragma once

#include <string_view>

#include "base/attempt_window.h"
#include "base/clock.h"
#include "base/result.h"

namespace kronborg::pairing {

/// The limit that `/pair/challenge`, `/pair`, `/pair/code`, `/pair/confirm` and `/pair-invite`
/// share (docs/protocol/pairing.md section 1): 5 attempts per sliding 60 s and source, 4,096
/// sources. Starts empty. Thread-safe.
class Attempts {
 public:
  explicit Attempts(const base::Clock& clock) : window_(clock, base::AttemptRule{}) {}

  /// Row 1 of every table; counts the attempt. Error: pairing_rate_limited, with the detail
  /// `retryAfter` in seconds.
  base::Result<void> admit(std::string_view source);
  /// 30 s in which all attempts of the source are refused: after a denied prompt, after
  /// invalid_code, after a 401 or 403 on /pair-invite.
  void cool_down(std::string_view source);

  [[nodiscard]] std::size_t sources() const { return window_.sources(); }

 private:
  base::AttemptWindow window_;
};

}  // namespace kronborg::pairing

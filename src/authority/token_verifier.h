#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "authority/hot_devices.h"
#include "authority/replay.h"
#include "authority/verify.h"
#include "base/result.h"

namespace kronborg::authority {

/// What request tokens are judged by beside the policy; the same for all event loops.
struct TokenRules {
  std::vector<std::string> hosts;  ///< lower-case: what `aud` may be (row 15)
  bool allow_unattested = false;   ///< `devices.allow_unattested` (row 19)
};

/// A request that presents a token.
struct TokenRequest {
  std::string_view bearer;
  std::string_view method, path;  ///< as received; the path without the query, not normalised
};

using TokenDecision = std::variant<Caller, Denied>;

/// A caller whose token passed rows 1 to 21 and whose counter must be raised in the store.
class PendingCaller {
 public:
  /// Row 22. Blocks. Error: the store failed; that is no acceptance.
  base::Result<TokenDecision> decide(Replay& replay) &&;

 private:
  friend class TokenVerifier;
  PendingCaller(Caller caller, const TokenClaim& claim)
      : caller_(std::move(caller)), claim_(claim) {}
  Caller caller_;
  TokenClaim claim_;
};

/// Decides on request tokens (docs/protocol/identity.md section 11). One per event loop, not
/// thread-safe. Touches memory only; the counters of Replay are under a lock that is held for a
/// look-up. An accepted token is used up.
class TokenVerifier {
 public:
  TokenVerifier(const PolicyBoard& board, const base::Clock& clock, const TokenRules& rules,
                Replay& replay, HotDevices& hot);
  ~TokenVerifier();

  std::variant<Caller, Denied, PendingCaller> verify(const TokenRequest& request);
  /// Whether verify() of a good token gives a PendingCaller always: nothing is won by asking it on
  /// an event loop that cannot wait.
  [[nodiscard]] bool always_pending() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kronborg::authority

#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "authority/policy.h"
#include "authority/token_verifier.h"
#include "authority/verify.h"
#include "base/clock.h"
#include "base/error.h"
#include "gate/settings.h"
#include "http/exchange.h"
#include "http/workers.h"

namespace kronborg::gate {

namespace asio = boost::asio;

/// Told of every refused credential (401, 403), for counting and the audit.
using RefusalSink = std::function<void(base::Code, std::string_view source)>;

/// What the gates of all event loops share to judge request tokens. It outlives them.
struct TokenParts {
  const authority::TokenRules& rules;
  authority::Replay& replay;
  authority::HotDevices& hot;
  http::Workers& workers;  ///< for what only the store can decide
};

/// `/gate/verify` (docs/protocol/cli.md, "Forward-auth"), as written.
bool is_forward_auth(std::string_view path);

/// The door: asks the authority, then forwards to an upstream, or only says yes or no. One per
/// event loop, used on that loop alone. `Host` was checked before (docs/protocol/http.md section
/// 9).
class Gate {
 public:
  Gate(std::shared_ptr<const Settings> settings, const authority::PolicyBoard& board,
       const base::Clock& clock, asio::io_context& loop, RefusalSink refused,
       const TokenParts& tokens);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// CORS preflight, and forward-auth unless the store has to be asked: what waits for nothing.
  /// false: call answer().
  bool answer_now(http::Exchange& exchange);
  /// Everything else: decides, then refuses or forwards. Ends when the answer has been queued or
  /// cut.
  asio::awaitable<void> answer(http::Exchange& exchange);

  /// To be called every 250 ms or so: cuts the answers whose key no longer verifies
  /// (docs/protocol/identity.md section 8), ends what waited too long, drops idle connections.
  void tick(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());
  /// See authority::Verifier.
  std::vector<authority::Usage> collect_usage();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kronborg::gate

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/authority.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/source_address.h"
#include "identity/address.h"

namespace kronborg::pairing {

/// What a connector asks for, for the owner to see (docs/protocol/pairing.md section 2.3).
struct PairingAsk {
  identity::Address connector;
  std::string fingerprint;         ///< its four address words
  std::optional<std::string> sas;  ///< the three short words; committed exchanges only
  std::string agent_id, agent_name;
  identity::Address agent;
  bool known_connector = false;  ///< it holds a live key already
  bool encrypted = false;        ///< false: the key would leave in clear
  std::string source_address;
};

/// One that waits.
struct PairingRequest {
  std::string id;
  PairingAsk ask;
  std::int64_t received_at_ms = 0;
  std::int64_t expires_at_ms = 0;
};

enum class Outcome : std::uint8_t {
  approved,
  denied,   ///< by the owner: the source cools down
  expired,  ///< nobody answered: a denial without cooldown
  ended     ///< the agent was retired: the same
};

/// What became of a request.
struct Decision {
  Outcome outcome = Outcome::expired;
  bool remember = false;             ///< approved: the key never expires
  std::optional<std::string> label;  ///< approved: chosen by the approver
  authority::Actor actor;            ///< who decided
};

/// One change of the list, told once.
struct RequestChange {
  const PairingRequest& request;
  std::optional<Outcome> outcome;  ///< nothing: it is new, or was withdrawn when `gone`
  bool gone = false;
};

/// Pairing requests that wait for the owner (docs/protocol/pairing.md sections 2.2 and 2.3): at
/// most 8, one per source, 120 s each. The first decision counts. In memory only. Thread-safe.
///
/// Both kinds of callback run under the lock of this object, on the thread of whoever made the
/// change: they hand on (to an event loop, to a stream) and neither block nor call back. In return
/// changes are told in their order, and after withdraw() has returned no decision comes.
class Requests {
 public:
  static constexpr std::size_t most = 8;
  static constexpr std::int64_t life_ms = 120'000;

  using Announce = std::function<void(const RequestChange&)>;
  using Decided = std::function<void(const Decision&)>;

  /// `announce` is called for each change; it may be empty.
  Requests(const base::Clock& clock, base::Random& random, Announce announce)
      : clock_(clock), random_(random), announce_(std::move(announce)) {}

  /// Row 9. `decided` is called once, or never when the request is withdrawn. The id. Error:
  /// pairing_busy.
  base::Result<std::string> open(PairingAsk ask, Decided decided);
  /// The connector hung up: nothing is minted. false: it was decided before.
  bool withdraw(std::string_view id);

  /// The owner's word; the outcome is approved or denied. What was decided. Errors:
  /// pairing_decided, not_found.
  base::Result<PairingRequest> decide(std::string_view id, const Decision& decision);

  /// Those that wait, oldest first.
  [[nodiscard]] std::vector<PairingRequest> pending();
  /// Decides those whose time is over. Called by a timer; the other functions do it first.
  void expire();
  /// When the next one is over, Unix milliseconds.
  [[nodiscard]] std::optional<std::int64_t> next_end_ms() const;
  /// Ends the requests for an agent whose address was retired.
  void end_of_agent(std::string_view agent_id);

 private:
  struct Waiting {
    PairingRequest request;
    base::Source source;
    Decided decided;
  };
  using List = std::list<Waiting>;

  void expire_now();
  void finish(List::iterator which, const Decision& decision);
  void remember(std::string id);

  static constexpr std::size_t most_remembered = 256;

  // Constant after construction.
  const base::Clock& clock_;
  base::Random& random_;
  const Announce announce_;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  List waiting_;                     ///< oldest first
  std::deque<std::string> decided_;  ///< ids of the last ones that were decided or withdrawn
};

}  // namespace kronborg::pairing

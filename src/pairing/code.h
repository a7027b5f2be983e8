#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/source_address.h"
#include "crypto/spake2.h"

namespace kronborg::pairing {

/// What may be said of the live code; never the code itself.
struct CodeFacts {
  std::string id;                       ///< UUID
  std::optional<std::string> agent_id;  ///< nothing: scope master
  std::string label;
  std::int64_t expires_at_ms = 0;
  int attempts_left = 0;
};

struct NewCode {
  CodeFacts facts;
  base::SecretText code;  ///< 6 decimal digits, shown once
};

/// A phone that has proven that it knows the code. The code waits until used() or put_back().
struct Claim {
  std::string code_id;
  std::optional<std::string> agent_id;
  std::string device_id, device_name;
  base::Secret<32> session;  ///< seals the payload
};

/// The six-digit code and its exchanges (docs/protocol/pairing.md sections 5.1 and 5.2): one code
/// at a time, 300 s, 5 attempts whoever makes them, one use. In memory only; secrets are wiped when
/// the code ends. Thread-safe; nothing is computed on the curve under the lock.
class Codes {
 public:
  static constexpr std::int64_t life_ms = 300'000;
  static constexpr int attempts = 5;

  /// `changed` is called when a code begins or ends (the host is announced to phones while one is
  /// live). It runs under the lock of this object and neither blocks nor calls back. May be empty.
  Codes(const base::Clock& clock, base::Random& random, std::function<void()> changed)
      : clock_(clock), random_(random), changed_(std::move(changed)) {}

  /// Ends the code before it.
  NewCode issue(std::optional<std::string> agent_id, std::string label);
  /// Nothing: none is live.
  std::optional<CodeFacts> current();
  /// false: no code of that id is live.
  bool end(std::string_view id);
  void end_of_agent(std::string_view agent_id);

  struct Exchanged {
    std::string exchange;  ///< UUID
    crypto::Spake2Share share{};
    crypto::Spake2Confirmation confirmation{};
  };
  /// Row 8 of `/pair/code`: costs an attempt. `share`: of crypto::read_spake2_share(). Error:
  /// invalid_code.
  base::Result<Exchanged> exchange(std::string_view source, const crypto::Spake2Device& device,
                                   const crypto::Spake2Share& share);

  /// Rows 5 to 7 of `/pair/confirm`. Errors: invalid_code, identity_locked (which costs nothing).
  base::Result<Claim> confirm(std::string_view source, std::string_view exchange,
                              std::string_view confirmation, bool locked);
  /// The key was minted: the code ends.
  void used(const Claim& claim) { end(claim.code_id); }
  /// The key could not be minted: the code lives on, the exchange is spent.
  void put_back(const Claim& claim);

 private:
  struct Exchange {
    std::string id;
    base::Source source;
    std::string device_id, device_name;
    crypto::Spake2Agreement agreed;
    bool spent = false;
  };
  struct Code {
    CodeFacts facts;
    base::Secret<32> password;
    std::int64_t issued_ms = 0;
    bool claimed = false;
    std::vector<Exchange> exchanges;  ///< at most one per attempt
  };

  Code* live();
  void finish();

  // Constant after construction.
  const base::Clock& clock_;
  base::Random& random_;
  const std::function<void()> changed_;
  // Guarded by mutex_.
  std::mutex mutex_;
  std::optional<Code> code_;
};

}  // namespace kronborg::pairing

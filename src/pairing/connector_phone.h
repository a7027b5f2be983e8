#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/spake2.h"
#include "identity/address.h"
#include "pairing/connector.h"

namespace kronborg::pairing {

/// What a phone gets (docs/protocol/pairing.md section 5.3).
struct PhonePayload {
  struct Agent {
    std::string id, name;
    identity::Address address;
  };
  /// Its audience is one of the agents, or the master. The exchange itself has proven the host.
  ReceivedKey received;
  std::string host_name;
  std::vector<Agent> agents;  ///< what the key may use
};

/// The connecting side of six-digit pairing. The code never travels, and the host proves that it
/// knows it before this side says anything that depends on it. One attempt; not thread-safe.
class PhoneExchange {
 public:
  /// `code`: 6 decimal digits. `id` and `name` of this device, not empty.
  PhoneExchange(std::string_view code, std::string device_id, std::string device_name,
                base::Random& random);

  /// The body of POST /pair/code.
  [[nodiscard]] std::string code_body() const;
  /// The answer to it gives the body of POST /pair/confirm. Errors: host_answer_malformed;
  /// host_not_proven: the host does not know the code, so that nothing more is sent.
  base::Result<std::string> confirm_body(std::string_view answer);
  /// The answer to that. Errors: host_answer_malformed, host_key_refused (it does not open, or
  /// holds no key).
  [[nodiscard]] base::Result<PhonePayload> payload(std::string_view answer) const;

 private:
  std::string device_id_, device_name_;
  crypto::Spake2 own_;
  std::optional<crypto::Spake2Agreement> agreed_;
};

}  // namespace kronborg::pairing

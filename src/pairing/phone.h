#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pairing/attempts.h"
#include "pairing/code.h"
#include "pairing/host.h"

namespace kronborg::pairing {

/// Where a request came from.
struct PhoneSource {
  std::string address;   ///< the source address of docs/protocol/http.md section 1.1
  bool relayed = false;  ///< it carries X-Osaurus-Relay-Origin
};

/// What the owner asks for. Neither an agent nor the master: the only agent there is.
struct WantedCode {
  std::optional<std::string> agent_id = {};
  bool master = false;
  std::optional<std::string> label = {};
};

/// The endpoints of six-digit pairing (docs/protocol/pairing.md section 5). Each answers with the
/// first failing row of its table, or with its JSON. Thread-safe; calls block.
class Phones {
 public:
  Phones(const Parts& parts, Attempts& attempts, Codes& codes)
      : parts_(parts), attempts_(attempts), codes_(codes) {}

  /// Errors: identity_locked, agent_not_found, agent_ambiguous (more than one and none named),
  /// invalid_member (an agent and the master), label_invalid.
  base::Result<NewCode> issue(const authority::Actor& actor, WantedCode wanted);
  /// Error: not_found.
  base::Result<void> end(const authority::Actor& actor, std::string_view id);

  /// GET /pair/hello. Error: lan_only.
  base::Result<std::string> hello(const PhoneSource& source);
  /// POST /pair/code. Errors: pairing_rate_limited, lan_only, bad_request, invalid_code.
  base::Result<std::string> code(const PhoneSource& source, std::string_view body);
  /// POST /pair/confirm. Errors: those of code(), identity_locked, mint_failed. `actor`: for the
  /// audit.
  base::Result<Answered200> confirm(const authority::Actor& actor, const PhoneSource& source,
                                    std::string_view body);
  /// POST /pair/unpair with a key whose record has this id; empty: a key without a record. Error:
  /// not_paired_device.
  base::Result<void> unpair(const authority::Actor& actor, std::string_view key_id);

 private:
  base::Result<void> admit(const PhoneSource& source);
  base::Error invalid_code(const PhoneSource& source);
  base::Result<authority::Minted> mint(const authority::Actor& actor, const Claim& claim);
  base::Result<base::SecretText> payload(const Claim& claim, const authority::Minted& minted);

  const Parts& parts_;
  Attempts& attempts_;
  Codes& codes_;
};

}  // namespace kronborg::pairing

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/x25519.h"
#include "pairing/attempts.h"
#include "pairing/challenges.h"
#include "pairing/host.h"
#include "pairing/requests.h"

namespace kronborg::pairing {

/// A request that passed rows 2 to 6 of docs/protocol/pairing.md section 2.2; its nonce is used up.
struct JudgedPair {
  identity::Address connector;
  std::string agent_id;  ///< as sent
  std::string nonce;
  std::string enc_pub;  ///< as sent; empty: the key would leave in clear
  std::optional<crypto::X25519PublicKey> enc_key;
  bool committed = false;
};
/// Errors: pairing_malformed, encryption_key_invalid, pairing_signature_invalid,
/// pairing_challenge_invalid, pairing_commitment_mismatch.
base::Result<JudgedPair> judge_pair(std::string_view body, Challenges& challenges);

/// The commitment in the query of GET /pair/challenge as it stands in the target; nothing when
/// there is none. Error: pairing_malformed.
base::Result<std::optional<Commitment>> read_commit(std::string_view query);

/// A request that waits for the owner.
struct Asked {
  std::string request_id;
  JudgedPair pair;
  HostAgent agent;
  std::optional<std::string> sas;
  std::string source_address;
  std::string connection_request_id;  ///< of the HTTP request, for the audit
};

/// Pairing with a prompt (docs/protocol/pairing.md section 2). Thread-safe; calls block, but none
/// waits for the owner.
class Prompts {
 public:
  Prompts(const Parts& parts, Attempts& attempts, Challenges& challenges, Requests& requests)
      : parts_(parts), attempts_(attempts), challenges_(challenges), requests_(requests) {}

  /// GET /pair/challenge: its JSON. Errors: pairing_rate_limited, pairing_malformed.
  base::Result<std::string> challenge(std::string_view source, std::string_view query);

  /// POST /pair, rows 1 to 9. `decided` as Requests::open() has it: then answer() is called.
  /// `request_id`: of the HTTP request. Errors: pairing_rate_limited, those of judge_pair(),
  /// pairing_agent_unavailable, identity_locked, pairing_busy.
  base::Result<Asked> ask(std::string_view source, std::string_view body, Requests::Decided decided,
                          std::string_view request_id = {});
  /// The connector hung up, or the host stops: nothing is minted, with its audit row. false: it was
  /// decided before.
  base::Result<bool> withdraw(const Asked& asked);
  /// Rows 10 and 11, and the answer 200. Errors: pairing_denied, identity_locked, mint_failed.
  base::Result<Answered200> answer(const Asked& asked, const Decision& decision);

  /// The owner's word, for the console, the command line and the management API; with its audit
  /// row. `label` and `remember` are the approver's. Errors: pairing_decided, not_found,
  /// label_invalid.
  base::Result<PairingRequest> approve(const authority::Actor& actor, std::string_view id,
                                       bool remember, const std::optional<std::string>& label);
  base::Result<PairingRequest> deny(const authority::Actor& actor, std::string_view id);

 private:
  base::Result<bool> is_known(const identity::Address& connector);
  /// An audit row about a request that nobody but the connector has touched.
  base::Result<void> note(const Asked& asked, std::string_view type);
  base::Result<authority::Minted> mint(const Asked& asked, const Decision& decision);

  const Parts& parts_;
  Attempts& attempts_;
  Challenges& challenges_;
  Requests& requests_;
};

}  // namespace kronborg::pairing

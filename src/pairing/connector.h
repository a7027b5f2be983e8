#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/x25519.h"
#include "identity/address.h"
#include "pairing/commitment.h"
#include "pairing/invite.h"
#include "pairing/proofs.h"

namespace kronborg::pairing {

// The connecting side (docs/protocol/pairing.md section 9): what it sends, and what it makes of
// answers that it already has. Nothing here opens a connection.

/// How long a connector waits: for a challenge, and for the owner.
inline constexpr std::int64_t challenge_wait_s = 30;
inline constexpr std::int64_t pair_wait_s = 125;

/// Strong booleans for what the user said on the command line.
enum class Compare : std::uint8_t { required, waived };    ///< waived: --no-compare
enum class Unsigned : std::uint8_t { refused, accepted };  ///< accepted: --accept-unsigned

/// What is drawn anew for each attempt.
struct Attempt {
  crypto::X25519PrivateKey key;
  std::string enc_pub;  ///< base64url, always sent
  Reveal reveal{};

  static Attempt draw(base::Random& random);
  /// The parameter `commit` of GET /pair/challenge.
  [[nodiscard]] std::string commit(const identity::Address& connector) const;
};

struct HostChallenge {
  std::string nonce;
  bool committed = false;
};
/// The answer 200 of /pair/challenge. Errors: host_answer_malformed; host_cannot_compare when it
/// did not keep the commitment: then nothing more is sent.
base::Result<HostChallenge> read_challenge_answer(std::string_view body, Compare compare);

/// The body of POST /pair. `signature`: of connector_text() by the pairing key.
std::string pair_body(const identity::Address& connector, std::string_view agent_id,
                      const HostChallenge& challenge, const Attempt& attempt,
                      std::string_view signature);

/// The key that a host sent, and what it says of itself.
struct ReceivedKey {
  base::SecretText key;
  identity::Address audience;
  std::optional<std::int64_t> expires_at;  ///< Unix seconds
  bool proven = true;  ///< false: the user accepted an answer without the host's proof
};

/// What an answer must fit: all of it is fixed before the first request.
struct Expected {
  Answered answered = Answered::pair;
  identity::Address agent;              ///< pinned
  std::string nonce;                    ///< of the challenge, the invite or the owner challenge
  std::string enc_pub = {};             ///< the own one
  std::optional<std::string> sas = {};  ///< committed: the words that were shown
  Unsigned unsigned_answer = Unsigned::refused;  ///< never accepted for Answered::pair
};
/// The answer 200 of /pair, /pair-invite or owner redeem. Errors: host_answer_malformed;
/// host_not_proven (no or another signature, another address); pairing_words_differ;
/// host_key_refused (in clear, not sealed to us, not a key of that agent). After any of the last
/// three the user tells the owner to revoke the new key, and nothing is kept.
base::Result<ReceivedKey> read_key_answer(std::string_view body, const Expected& expected,
                                          const crypto::X25519PrivateKey& own);

/// The key inside (section 9): rows 1 to 6 of docs/protocol/identity.md section 6; the caller
/// compares the audience. Error: host_key_refused.
base::Result<ReceivedKey> check_key(base::SecretText key);

/// An invite before anything is posted.
struct CheckedInvite {
  Invite invite;
  identity::Address agent;
  bool verified = false;  ///< sig2 is there: name, text and URL are the agent's own words
};
/// `now` in Unix seconds. Errors: invite_link_malformed, invite_version, invite_signature_invalid,
/// invite_expired.
base::Result<CheckedInvite> check_invite(std::string_view link, std::int64_t now);
/// Without sig2 somebody in between could read the key unnoticed: nothing is posted before the user
/// was told and consented.
inline bool needs_consent(const CheckedInvite& invite) { return !invite.verified; }
/// With sig2 the proof in the answer is required without exception.
Unsigned unsigned_answers(const CheckedInvite& invite, Unsigned said);
/// The body of POST /pair-invite: the payload as it came, and the own key.
std::string redeem_body(const CheckedInvite& invite, std::string_view enc_pub);

/// Owner redeem: both bodies, and the nonce in the answer to the first. `device_name` may be empty.
struct OwnerDevice {
  std::string id, name;
};
std::string owner_challenge_body(const identity::Address& agent, const OwnerDevice& device);
/// Error: host_answer_malformed.
base::Result<std::string> read_owner_challenge(std::string_view body);
/// `signature`: of owner_text() by the master.
std::string owner_redeem_body(const identity::Address& agent, const OwnerDevice& device,
                              std::string_view nonce, std::string_view enc_pub,
                              std::string_view signature);

}  // namespace kronborg::pairing

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "authority/policy.h"
#include "base/clock.h"
#include "base/error.h"
#include "credential/access_key.h"

namespace kronborg::authority {

enum class Scope : std::uint8_t { master, agent };

/// Somebody whose credential was accepted. Only a Verifier or a TokenVerifier can make one. Given
/// out by a Verifier it is valid until the next call to it; copy what must live longer.
class Caller {
 public:
  [[nodiscard]] const identity::Address& issuer() const { return issuer_; }
  /// The master or the agent. Of a caller with several agents: no address (all zeros) until one of
  /// them has been chosen.
  [[nodiscard]] const identity::Address& audience() const { return audience_; }
  [[nodiscard]] Scope scope() const { return scope_; }
  /// Scope agent: the agents that it may use. Only an issuer that several agents list, and that
  /// signed a request token, has more than one.
  [[nodiscard]] std::span<const std::shared_ptr<const AgentFacts>> agents() const {
    if (!agents_.empty()) return agents_;
    return {&agent_, agent_ == nullptr ? 0U : 1U};
  }
  [[nodiscard]] bool may_use(const identity::Address& agent) const;
  /// The only one of agents(), or the one that was chosen.
  [[nodiscard]] const AgentFacts* agent() const { return agent_.get(); }
  /// Takes one of agents() for the only one. Precondition: may_use(agent).
  void choose(const identity::Address& agent);
  /// The device that signed the request; nothing when an access key was presented.
  [[nodiscard]] const std::optional<identity::DeviceId>& device() const { return device_; }
  [[nodiscard]] std::string_view nonce() const { return nonce_; }
  [[nodiscard]] std::uint64_t counter() const { return counter_; }
  [[nodiscard]] std::string_view label() const { return label_; }
  /// The id of the record, when the key was minted by an own identity: its nonce as a UUID. Else
  /// empty.
  [[nodiscard]] std::string_view key_id() const { return key_id_; }
  /// The `X-Kronborg-*` fields of docs/protocol/cli.md, each line ended by CRLF, made once per key.
  [[nodiscard]] std::string_view identity_fields() const { return identity_fields_; }
  [[nodiscard]] std::optional<std::int64_t> expires_at() const { return expires_at_; }

 private:
  friend class Verifier;
  friend class TokenVerifier;
  friend struct CachedKey;
  Caller() = default;
  /// Scope and agents of an issuer that presents no audience (section 11, "Caller").
  void describe(const Policy& policy);
  /// Makes identity_fields_ anew from the others.
  void write_fields();
  identity::Address issuer_, audience_;
  Scope scope_ = Scope::agent;
  std::shared_ptr<const AgentFacts> agent_;
  std::vector<std::shared_ptr<const AgentFacts>> agents_;  ///< empty when there is one at most
  std::optional<identity::DeviceId> device_;
  std::string nonce_, label_, key_id_, identity_fields_;
  std::uint64_t counter_ = 0;
  std::optional<std::int64_t> expires_at_;
};

/// A refusal: an answer, not a failure.
struct Denied {
  base::Code code = base::Code::token_format;
  bool request_token = false;  ///< what was refused; the two share codes, not words

  /// What is said of it (docs/protocol/identity.md sections 9 and 11).
  [[nodiscard]] base::Error error() const;
};

using Decision = std::variant<const Caller*, Denied>;

/// What a key was used for since the last collection; written to the store in batches.
struct Usage {
  identity::Address issuer, audience;
  std::string nonce, label;
  std::uint64_t counter = 0;
  std::int64_t issued_at = 0;
  std::optional<std::int64_t> expires_at;
  std::string hint;
  std::uint64_t count = 0;
  std::int64_t last_ms = 0;
  std::string last_source;
};

/// Enough to ask again whether a running answer may go on (identity.md section 8, Streams).
struct StreamTicket {
  identity::Address issuer, audience;
  std::string nonce;
  std::uint64_t counter = 0;
  std::optional<identity::DeviceId> device;  ///< a request token opened it: no nonce, no counter
};

/// Decides, per identity.md section 6. One per event loop, not thread-safe. Touches memory only: no
/// store, no shared lock, no system call. A bounded cache remembers which exact bytes carried a
/// good signature, never whether they are still allowed: audience, whitelist, revocation and time
/// are asked on every call, against the newest published policy.
class Verifier {
 public:
  Verifier(const PolicyBoard& board, const base::Clock& clock, std::size_t cache_slots = 8192);
  ~Verifier();

  /// `source`: address of the client, for the last-use record.
  Decision verify(std::string_view bearer, std::string_view source);
  /// The answer when no credential was sent: no_keys_configured or credential_missing.
  Denied missing();
  /// For streams: the denial of a key that no longer verifies (expiry alone does not count).
  std::optional<Denied> still_allowed(const StreamTicket& ticket);
  static StreamTicket ticket(const Caller& caller);

  /// The newest policy.
  const Policy& policy();
  /// Moves out what was used since the last call.
  std::vector<Usage> collect_usage();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The id of the record of a key that an own identity minted: its nonce with the hyphens of a UUID.
/// Empty when the nonce is not of that form.
std::string own_key_id(std::string_view nonce);

/// What rows 7 to 11 look at, for a key whose signature was made by its issuer.
struct Claim {
  identity::Address issuer;
  std::optional<identity::Address> audience;  ///< nothing: a text that is no address
  std::string_view nonce;
  std::uint64_t counter = 0;
  std::optional<std::int64_t> expires_at;
};

/// The decision on claims whose signature recovered to `recovered`, rows 6 to 11. `now` in seconds.
/// nothing: valid.
std::optional<base::Code> judge(const Policy& policy, const credential::AccessKeyClaims& claims,
                                const identity::Address& recovered, std::int64_t now);

/// Rows 7 to 11; the one place where the rules stand. Without `now` row 11 is left out (streams).
std::optional<base::Code> judge(const Policy& policy, const Claim& claim,
                                std::optional<std::int64_t> now);

/// Whether an answer that a request token opened may go on: issuer, device and scope still hold.
std::optional<base::Code> judge_token_stream(const Policy& policy, const StreamTicket& ticket);

}  // namespace kronborg::authority

#pragma once

#include <optional>
#include <string_view>

#include "authority/token_verifier.h"
#include "authority/verify.h"
#include "gate/gate.h"
#include "gate/origin.h"
#include "gate/paths.h"
#include "gate/relay.h"
#include "gate/source.h"
#include "gate/upstreams.h"
#include "http/exchange.h"

namespace kronborg::gate {

/// Who stands at the door, by the credential alone. With nothing set: somebody who asks for what is
/// open to all.
struct Visitor {
  const authority::Caller* key = nullptr;  ///< of an access key; valid until the next verification
  std::optional<authority::Caller> token;  ///< of a request token
  /// A request token that only the store can accept; see settle().
  std::optional<authority::PendingCaller> pending;
  std::optional<base::Error> refused;  ///< the credential, or the lack of one
  bool trusted = false;                ///< a program of this machine, let in without a key

  [[nodiscard]] const authority::Caller* caller() const { return token ? &*token : key; }
  [[nodiscard]] bool has_agent_scope() const {
    return caller() != nullptr && caller()->scope() == authority::Scope::agent;
  }
  /// Puts what the store said in the place of `pending`.
  void settle(base::Result<authority::TokenDecision> decision);
};

/// For the access record: the id of the key, or of the device.
void note_credential(http::Exchange& exchange, const authority::Caller& caller);

/// Decides who may pass and where to (docs/protocol/cli.md, "How the gate picks agent and
/// upstream"). Refuses the others at once.
class Entrance {
 public:
  Entrance(const Settings& settings, const Refusals& refusals, authority::Verifier& verifier,
           authority::TokenVerifier& tokens, Upstreams& upstreams, RelayRoom& room,
           RefusalSink refused);

  /// The checks up to the credential, in the order of docs/protocol/http.md section 4. nothing: the
  /// answer is made. A visitor who is `pending` has to be settled before admit().
  std::optional<Visitor> receive(http::Exchange& exchange);
  /// The rest. nothing: the answer is made.
  std::optional<Admission> admit(http::Exchange& exchange, Visitor& visitor);

  /// The same for `/gate/verify`.
  Visitor receive_forward_auth(const http::Exchange& exchange);
  void answer_forward_auth(http::Exchange& exchange, Visitor& visitor);
  /// Whether a good credential of this request would be `pending` for sure.
  [[nodiscard]] bool must_wait(const http::Exchange& exchange) const;

 private:
  /// Where to: a view of the request's path.
  struct Way {
    const authority::AgentFacts* agent = nullptr;
    std::string_view path;
  };

  /// `method` and `path` are what a request token has to name.
  Visitor identify(const http::Exchange& exchange, std::string_view method, std::string_view path);
  /// nothing: refused.
  std::optional<Way> find_way(http::Exchange& exchange, Visitor& visitor, std::string_view source);
  /// Every agent that the path or `X-Osaurus-Agent-Id` names is the caller's own. Of a caller with
  /// several, the first one that is named is the one meant from then on.
  bool is_within_scope(Visitor& visitor, const http::RequestHead& request, std::string_view path);
  base::Result<PickedUpstream> pick(const Way& way);
  Admission admission(http::Exchange& exchange, const Visitor& visitor, std::string_view path,
                      PickedUpstream upstream);
  [[nodiscard]] std::optional<base::Error> refused_before_the_key(
      const http::RequestHead& request) const;
  [[nodiscard]] bool original_is_within_scope(Visitor& visitor, const http::RequestHead& request);
  void refuse(http::Exchange& exchange, http::Answer answer);
  void tell(base::Code code, std::string_view source) const;

  const Settings& settings_;
  const Refusals& refusals_;
  authority::Verifier& verifier_;
  authority::TokenVerifier& tokens_;
  Upstreams& upstreams_;
  RelayRoom& room_;
  RefusalSink refused_;
  std::string verified_head_;  // of the 204; reused
  std::size_t verified_fixed_ = 0;
};

}  // namespace kronborg::gate

#pragma once

#include <optional>
#include <string_view>

#include "authority/verify.h"
#include "gate/gate.h"
#include "gate/origin.h"
#include "gate/paths.h"
#include "gate/relay.h"
#include "gate/source.h"
#include "gate/upstreams.h"
#include "http/exchange.h"

namespace kronborg::gate {

/// Who stands at the door. With neither member set: somebody who asks for what is open to all.
struct Visitor {
  const authority::Caller* caller = nullptr;  ///< valid until the next verification
  bool trusted = false;                       ///< a program of this machine, let in without a key

  [[nodiscard]] bool has_agent_key() const {
    return caller != nullptr && caller->scope() == authority::Scope::agent;
  }
};

/// Decides who may pass and where to (docs/protocol/cli.md, "How the gate picks agent and
/// upstream"). Refuses the others at once.
class Entrance {
 public:
  Entrance(const Settings& settings, const Refusals& refusals, authority::Verifier& verifier,
           Upstreams& upstreams, RelayRoom& room, RefusalSink refused);

  /// nothing: the answer is made. The order of the checks is that of docs/protocol/http.md
  /// section 4.
  std::optional<Admission> admit(http::Exchange& exchange);
  /// The answer to `/gate/verify`.
  void answer_forward_auth(http::Exchange& exchange);

 private:
  /// A decision on the credential alone.
  struct Identified {
    Visitor visitor;
    std::optional<base::Code> denied;
  };
  /// Where to: a view of the request's path.
  struct Way {
    const authority::AgentFacts* agent = nullptr;
    std::string_view path;
  };

  Identified identify(const http::Exchange& exchange, std::string_view source);
  /// nothing: refused.
  std::optional<Way> find_way(http::Exchange& exchange, const Visitor& visitor,
                              std::string_view source);
  /// The path, and every agent that it or `X-Osaurus-Agent-Id` names, are the key's own.
  bool is_within_scope(const authority::Caller& caller, const http::RequestHead& request,
                       std::string_view path);
  base::Result<PickedUpstream> pick(const Way& way);
  Admission admission(http::Exchange& exchange, const Visitor& visitor, std::string_view path,
                      PickedUpstream upstream);
  [[nodiscard]] std::optional<base::Error> refused_before_the_key(
      const http::RequestHead& request) const;
  [[nodiscard]] bool original_is_within_scope(const authority::Caller& caller,
                                              const http::RequestHead& request);
  void refuse(http::Exchange& exchange, http::Answer answer);
  void tell(base::Code code, std::string_view source) const;

  const Settings& settings_;
  const Refusals& refusals_;
  authority::Verifier& verifier_;
  Upstreams& upstreams_;
  RelayRoom& room_;
  RefusalSink refused_;
  std::string verified_head_;  // of the 204; reused
  std::size_t verified_fixed_ = 0;
};

}  // namespace kronborg::gate

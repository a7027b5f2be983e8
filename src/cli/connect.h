#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/host_call.h"
#include "cli/keystore_options.h"
#include "cli/stored_hosts.h"
#include "identity/address.h"
#include "pairing/connector.h"

// The connecting side on the command line (docs/protocol/pairing.md section 9).

namespace kronborg::cli {

struct ConnectOptions {
  std::string target;  ///< host, invite, "-" for an invite on standard input; empty: look around
  std::optional<std::string> agent, code_file;
  bool owner = false;
  pairing::Compare compare = pairing::Compare::required;
  pairing::Unsigned unsigned_answer = pairing::Unsigned::refused;
  KeystoreOptions keystore = {};  ///< as configured; of the identity that is made when there is
                                  ///< none
  bool no_compare = false, accept_unsigned = false;
};

/// An agent of another host, fixed before the first request.
struct RemoteAgent {
  HostAddress host;
  identity::Address address;
  std::string id, name;  ///< untrusted text; may be empty
  bool channel = true;
};

/// How this machine introduces itself.
struct OwnIdentity {
  identity::Address connector;
  std::string fingerprint;  ///< four words
  std::string device_id;
  std::string machine;  ///< its name, for people
};

/// What the ways to a key have in common.
struct Connecting {
  Context& context;
  const ConnectOptions& options;
  base::SystemClock clock = {};
  base::SystemRandom random = {};
};

/// Makes the identity first when there is none; its recovery code is shown then.
base::Result<OwnIdentity> own_identity(Connecting& connecting);
/// Finds the agent that `target` and `--agent` mean: on the local network, or as they say. Waits.
/// Errors: host_not_found, usage (several fit, or too little is known), host_not_proven.
base::Result<RemoteAgent> find_agent(Connecting& connecting);
/// `--agent` as an address. Error: usage.
base::Result<identity::Address> agent_address(const ConnectOptions& options);

// Each way: asks, waits, and gives the keys to keep.
base::Result<std::vector<StoredHost>> connect_by_prompt(Connecting& connecting);
base::Result<std::vector<StoredHost>> connect_by_code(Connecting& connecting);
base::Result<std::vector<StoredHost>> connect_by_invite(Connecting& connecting,
                                                        const std::string& link);
base::Result<std::vector<StoredHost>> connect_as_owner(Connecting& connecting);

}  // namespace kronborg::cli

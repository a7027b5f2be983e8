#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "identity/address.h"
#include "identity/derivation.h"

namespace kronborg::identity {

/// What a recovery bundle keeps beside the master key (docs/protocol/identity.md section 14.2): all
/// that must not be lost, or fall back, when an identity moves to another machine.
struct BundleContent {
  struct Agent {
    std::string id, name;
    AgentIndex key;
    Address address;
  };
  struct Revocation {
    Address issuer;
    std::string nonce;
    std::optional<std::int64_t> expires_at;  ///< Unix seconds
  };

  std::vector<Agent> agents;
  std::vector<Address> master_whitelist;
  std::map<Address, std::vector<Address>> agent_whitelists;  ///< by the agent's address
  std::vector<Revocation> revocations;
  std::map<Address, std::uint64_t> thresholds;
  std::map<Address, std::uint64_t> counters;    ///< greatest counter allocated
  std::map<std::string, std::int64_t> indices;  ///< next index of a scope
};

/// The JSON object without `v` and `master`, as bundle_content_text() or another writer made it.
/// Agents have ids, names and addresses that occur once. Error: bundle_unsupported, naming the
/// member.
base::Result<BundleContent> read_bundle_content(std::string_view text);

/// The same of a value that was parsed already, whatever further members it has.
base::Result<BundleContent> bundle_content_of(const base::json::value& value);

/// Parses under limits for files of our own: those of requests are too narrow for a long list of
/// revocations. Error: bundle_unsupported.
base::Result<base::json::value> parse_bundle_json(std::string_view text);

/// Canonical JSON; addresses of keys and lists in lower case.
std::string bundle_content_text(const BundleContent& content);

}  // namespace kronborg::identity

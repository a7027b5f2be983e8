#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kronborg::api {

/// The rate limits of docs/protocol/http.md section 10 that this program applies.
enum class Policy : std::uint8_t {
  source,
  discovery,
  space_create,
  anonymous_mint,
  join,
  join_poll,
  messages,
  space_messages,
  writes,
  reads,
  exports,
  identity,
  bad_credential,
  link_start,
  revoke,
  mcp,
};
inline constexpr std::size_t policy_count = 16;

/// `quota` requests per `window_s` seconds.
struct Rate {
  std::int64_t quota = 1;
  std::int64_t window_s = 60;
};

struct PolicyFacts {
  std::string_view name;  ///< on the wire, and the key below [limits] in the configuration
  Rate standard;
  std::string_view bound_to;  ///< for people
};

inline constexpr std::array<PolicyFacts, policy_count> policy_table{{
    {"source", {1200, 60}, "of one source address, to everything but the gate and health"},
    {"discovery", {300, 60}, "of one source address, to documents, cards, the directory and pages"},
    {"space-create", {30, 3600}, "of one source address, that create a space"},
    {"anonymous-mint", {600, 3600}, "in all, that create a space without an identity token"},
    {"join", {60, 60}, "joins of one source address, and of one invitation"},
    {"join-poll", {60, 60}, "polls of one join"},
    {"messages", {120, 60}, "messages of one key"},
    {"space-messages", {600, 60}, "messages in one space"},
    {"writes", {120, 60}, "other writes of one key"},
    {"reads", {600, 60}, "reads of one key"},
    {"export", {6, 3600}, "exports of one space"},
    {"identity", {30, 60}, "identity challenges and proofs of one key, and of one source address"},
    {"bad-credential", {120, 600}, "requests of one source address that end in 401"},
    {"link-start", {20, 3600}, "registrations of one source address"},
    {"revoke", {60, 60}, "revocations of one source address at /oauth/revoke"},
    {"mcp", {600, 60}, "MCP requests of one source address that call no keyed tool"},
}};

constexpr const PolicyFacts& facts_of(Policy policy) {
  return policy_table[static_cast<std::size_t>(policy)];
}

using Rates = std::array<Rate, policy_count>;
constexpr Rates standard_rates() {
  Rates rates{};
  for (std::size_t i = 0; i < policy_count; ++i) rates[i] = policy_table[i].standard;
  return rates;
}

}  // namespace kronborg::api

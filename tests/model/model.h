#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The rules of docs/protocol/identity.md sections 4, 5.5, 6, 7 and 8, as they are written there and
// without any thought of speed. It shares no code with the product.

namespace kronborg::model {

using Address = std::string;  // lower case

struct Token {
  Address iss, aud;
  std::string nonce;
  std::uint64_t cnt = 0;
  std::optional<std::int64_t> exp;
  bool recorded = false;  // the authority has a record of it
};

class Model {
 public:
  std::int64_t now_ms = 0;
  Address master;
  std::set<Address> agents;

  /// Section 6, rows 6 to 12, for a token whose signature is good.
  [[nodiscard]] std::string decide(const Token& token) const {
    if (token.aud != master && !agents.contains(token.aud)) return "audience_mismatch";
    if (!known(token.iss)) return "issuer_not_whitelisted";
    if (!may_speak(token.iss, token.aud)) return "issuer_not_allowed";
    if (revoked_.contains({token.iss, token.nonce})) return "key_revoked";
    if (threshold_.contains(token.iss) && token.cnt <= threshold_.at(token.iss)) {
      return "key_revoked";
    }
    if (token.exp && now_ms / 1000 >= *token.exp) return "key_expired";
    return "valid";
  }

  /// Section 5.5
  std::uint64_t mint(const Address& iss) {
    const std::uint64_t cnt = std::max(last(iss) + 1, wall());
    allocated_[iss] = cnt;
    return cnt;
  }

  // Section 8
  void revoke(const Address& iss, const std::string& nonce) { revoked_.insert({iss, nonce}); }
  void revoke_before(const Token& token, bool inclusive) {
    if (inclusive) {
      raise(token.iss, token.cnt);
    } else if (token.cnt > 0) {
      raise(token.iss, token.cnt - 1);
    }
  }
  void revoke_issuer(const Address& iss, std::optional<std::uint64_t> counter) {
    raise(iss, counter ? *counter : std::max(last(iss), wall()));
  }

  // Section 7; `agent` empty: the master list
  void list(const Address& agent, const Address& iss) { lists_[agent].insert(iss); }
  bool unlist(const Address& agent, const Address& iss) { return lists_[agent].erase(iss) > 0; }

  /// Section 4, retire(address)
  void retire(const Address& agent, const std::vector<Token>& tokens) {
    raise(agent, std::max(last(agent), wall()));
    for (const Token& token : tokens) {
      if (token.recorded && token.aud == agent) revoke(token.iss, token.nonce);
    }
    lists_.erase(agent);
    agents.erase(agent);
  }

 private:
  [[nodiscard]] std::uint64_t wall() const { return static_cast<std::uint64_t>(now_ms); }

  [[nodiscard]] bool listed(const Address& list, const Address& iss) const {
    return lists_.contains(list) && lists_.at(list).contains(iss);
  }
  [[nodiscard]] bool known(const Address& iss) const {
    if (iss == master || agents.contains(iss)) return true;
    return std::ranges::any_of(lists_, [&](const auto& list) { return list.second.contains(iss); });
  }
  [[nodiscard]] bool may_speak(const Address& iss, const Address& aud) const {
    return iss == aud || iss == master || listed("", iss) || (aud != master && listed(aud, iss));
  }
  /// The greatest of every counter allocated for iss and its threshold; 0 when there is neither.
  [[nodiscard]] std::uint64_t last(const Address& iss) const {
    std::uint64_t greatest = 0;
    if (allocated_.contains(iss)) greatest = allocated_.at(iss);
    if (threshold_.contains(iss)) greatest = std::max(greatest, threshold_.at(iss));
    return greatest;
  }
  /// Thresholds never fall.
  void raise(const Address& iss, std::uint64_t value) {
    const auto [place, is_new] = threshold_.try_emplace(iss, value);
    if (!is_new) place->second = std::max(place->second, value);
  }

  std::set<std::pair<Address, std::string>> revoked_;
  std::map<Address, std::uint64_t> threshold_;
  std::map<Address, std::uint64_t> allocated_;
  std::map<Address, std::set<Address>> lists_;
};

}  // namespace kronborg::model

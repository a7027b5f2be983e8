#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/fixture_test.h"
#include "base/json_members.h"
#include "pairing/host.h"
#include "support/known_answers.h"

namespace kronborg::pairing {

using authority::code_of;
using base::json::object;
using support::text_of;

/// Those of testdata/vectors/pairing.json.
inline constexpr std::string_view agent_key_hex =
    "c2ddba76f071d8115d12d4a8e4d9df7c460aa6ae4f4a59b6c9d1f740a88146f9";
inline constexpr std::string_view agent_address = "0x331565e19602986634610f4B33Ff7ad182860036";
inline constexpr std::string_view master_key_hex =
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
inline constexpr std::string_view connector_key_hex =
    "282d14b8cd87df1675fb696477e1ddbedef458b0c9a83416d181804360d43f7a";
inline constexpr std::string_view agent_id = "52dc1f74-ea76-44c7-a7ac-47c9bdf0e8f5";

inline identity::Address address(std::string_view text) {
  return identity::Address::parse(text).value();
}
inline std::string signed_text(const crypto::PrivateKey& key, identity::Prefix prefix,
                               std::string_view text) {
  return "0x" + base::hex(identity::sign(key, prefix, base::bytes_of(text)));
}

/// An authority whose agents' keys are in the open; keys are minted into the real store.
class TestHost final : public Host {
 public:
  explicit TestHost(const authority::Parts& parts) : parts_(parts) {}

  /// A random UUID when `id` is empty.
  HostAgent add(std::string name, std::string_view key_hex, std::string id = {});
  void forget(std::string_view id) { agents_.erase(std::string(id)); }
  HostAgent& agent(std::string_view id) { return agents_.at(std::string(id)).facts; }
  void set_key(std::string_view id, std::string_view key_hex);

  base::Result<std::optional<HostAgent>> agent_of_id(std::string_view id) override;
  base::Result<std::optional<HostAgent>> agent_of_address(const identity::Address& of) override;
  base::Result<std::vector<HostAgent>> agents() override;
  std::optional<identity::Address> master() override;
  bool locked() override { return is_locked; }
  base::Result<crypto::Signature> sign(identity::Prefix prefix, std::string_view text,
                                       const HostAgent& agent) override;
  base::Result<authority::Minted> mint(const authority::Actor& actor, authority::NewKey key,
                                       const InMint& also) override;
  base::Result<void> revoke(const authority::Actor& actor, std::string_view key_id,
                            std::string_view reason) override;

  std::atomic<bool> is_locked{false};
  std::optional<base::Code> sign_fails, mint_fails;

 private:
  struct Kept {
    HostAgent facts;
    crypto::PrivateKey key;
  };
  const authority::Parts& parts_;
  std::map<std::string, Kept> agents_;
  std::atomic<std::uint64_t> counter_{1};
};

/// Everything that the endpoints share, on a real store: SQLite, or with
/// KRONBORG_TEST_STORE=postgresql in the environment a real PostgreSQL.
class PairingTest : public testing::Test {
 protected:
  PairingTest();

  [[nodiscard]] const authority::Parts& authority_parts() { return place_->parts(); }
  base::Random& random() { return place_->parts().random; }
  /// Live keys of the source: `pairing`, `phone` …
  std::int64_t live_keys(std::string_view source);
  /// One column of the only row.
  std::string stored(sql::Text query);
  std::int64_t audit_rows(std::string_view type);

  authority::SetClock clock_;
  authority::TemporaryFolder folder_;
  std::unique_ptr<authority::Place> place_;
  std::unique_ptr<TestHost> host_;
  std::unique_ptr<Parts> parts_;
};

/// An access key of the agent with this private key, as a host would mint it.
base::SecretText access_key_of(std::string_view key_hex, std::int64_t now);

/// `429 pairing_rate_limited Too many …` or `ok`.
template <class R>
std::string told(const R& result) {
  if (result) return "ok";
  const base::Error& error = result.error();
  return std::to_string(error.status()) + " " + std::string(base::facts(error.code).name) + " " +
         std::string(error.text());
}
/// What a row of the vectors says it must be.
std::string expected_of(const object& row);

}  // namespace kronborg::pairing

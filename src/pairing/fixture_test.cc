#include "pairing/fixture_test.h"

#include <array>
#include <cstdlib>

#include "authority/key_rows.h"
#include "base/text.h"
#include "credential/access_key.h"
#include "pairing/store_schema.h"
#include "support/postgres.h"

namespace kronborg::pairing {
namespace {

constexpr auto of_others = std::to_array<sql::Text>({"SELECT 1"});

/// Those of authority, then own ones; the versions of other folders do nothing.
std::vector<sql::Migration> all_migrations() {
  std::vector<sql::Migration> all = authority::gapless_migrations();
  for (const sql::Migration& own : migrations()) {
    for (auto next = static_cast<std::int64_t>(all.size()) + 1; next < own.version; ++next) {
      all.push_back({.version = next, .statements = of_others});
    }
    all.push_back(own);
  }
  return all;
}

std::string store_url() {
  const char* const store = std::getenv("KRONBORG_TEST_STORE");
  if (store == nullptr || std::string_view(store) != "postgresql") return {};
  static support::PostgresServer server;
  return server.new_database();
}

}  // namespace

HostAgent TestHost::add(std::string name, std::string_view key_hex, std::string id) {
  crypto::PrivateKey key = support::secret_of(key_hex);
  HostAgent facts{.id = id.empty() ? base::uuid4(parts_.random) : std::move(id),
                  .name = std::move(name),
                  .description = {},
                  .address = identity::address_of(key),
                  .shared = true};
  agents_.insert_or_assign(facts.id, Kept{.facts = facts, .key = std::move(key)});
  return facts;
}

void TestHost::set_key(std::string_view id, std::string_view key_hex) {
  Kept& kept = agents_.at(std::string(id));
  kept.key = support::secret_of(key_hex);
  kept.facts.address = identity::address_of(kept.key);
}

base::Result<std::optional<HostAgent>> TestHost::agent_of_id(std::string_view id) {
  const auto found = agents_.find(base::lower(id));
  if (found == agents_.end()) return std::optional<HostAgent>();
  return std::optional(found->second.facts);
}

base::Result<std::optional<HostAgent>> TestHost::agent_of_address(const identity::Address& of) {
  for (const auto& [id, kept] : agents_) {
    if (kept.facts.address == of) return std::optional(kept.facts);
  }
  return std::optional<HostAgent>();
}

base::Result<std::vector<HostAgent>> TestHost::agents() {
  std::vector<HostAgent> all;
  for (const auto& [id, kept] : agents_) all.push_back(kept.facts);
  return all;
}

std::optional<identity::Address> TestHost::master() {
  return identity::address_of(support::secret_of(master_key_hex));
}

base::Result<crypto::Signature> TestHost::sign(identity::Prefix prefix, std::string_view text,
                                               const HostAgent& agent) {
  if (sign_fails) return base::Error(*sign_fails);
  if (is_locked) return base::Code::identity_locked;
  return identity::sign(agents_.at(agent.id).key, prefix, base::bytes_of(text));
}

base::Result<authority::Minted> TestHost::mint(const authority::Actor& actor, authority::NewKey key,
                                               const InMint& also) {
  if (mint_fails) return base::Error(*mint_fails);
  if (is_locked) return base::Code::identity_locked;
  const crypto::PrivateKey signer =
      key.agent_id ? agents_.at(*key.agent_id).key.duplicate() : support::secret_of(master_key_hex);
  const identity::Address issuer = identity::address_of(signer);
  const std::int64_t now_ms = parts_.clock.now_ms();
  std::string nonce = base::uuid4(parts_.random);
  authority::KeyRecord record;
  record.id = nonce;
  std::erase(nonce, '-');
  record.label = key.label;
  record.nonce = nonce;
  record.issuer = record.audience = issuer;
  record.counter = static_cast<std::uint64_t>(now_ms) + counter_++;
  record.agent_id = key.agent_id;
  record.master_scope = !key.agent_id;
  record.created_at_ms = now_ms;
  record.expires_at = credential::expires_at(key.expiry, now_ms / 1000);
  record.source = key.source;
  const std::string payload = credential::access_key_payload({.issuer = issuer,
                                                              .audience = issuer,
                                                              .label = key.label,
                                                              .nonce = nonce,
                                                              .counter = record.counter,
                                                              .issued_at = now_ms / 1000,
                                                              .expires_at = record.expires_at});
  const auto signature = identity::sign(signer, identity::Prefix::access, base::bytes_of(payload));
  record.hint = credential::access_key_hint(signature);
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto seq,
        authority::record_audit(transaction, parts_, actor,
                                {.type = "key.mint", .subject = record.id, .detail = {}}));
    TRY_VOID(authority::insert_key(transaction, record, seq));
    return also(transaction, record);
  }));
  return authority::Minted{.record = std::move(record),
                           .key = credential::access_key_text(payload, signature)};
}

base::Result<void> TestHost::revoke(const authority::Actor& actor, std::string_view key_id,
                                    std::string_view reason) {
  TRY_VOID(authority::AccessKeys(parts_).revoke(actor, key_id, std::string(reason), false));
  return {};
}

PairingTest::PairingTest() {
  place_ = std::make_unique<authority::Place>(folder_.path(), clock_, store_url());
  EXPECT_EQ(code_of(sql::migrate(place_->database(), all_migrations())), "ok");
  host_ = std::make_unique<TestHost>(place_->parts());
  host_->add("Helsingør", agent_key_hex, std::string(agent_id));
  parts_.reset(new Parts{.authority = place_->parts(),
                         .host = *host_,
                         .host_name = "kronborg",
                         .origin = "https://kronborg.example"});
}

std::int64_t PairingTest::live_keys(std::string_view source) {
  std::int64_t count = -1;
  const auto read =
      place_->database().read([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY(const auto answer, transaction("SELECT COUNT(*) FROM access_keys WHERE source = $1 "
                                           "AND revoked_at_ms IS NULL",
                                           source));
        count = answer.rows.at(0).integer(0);
        return {};
      });
  EXPECT_EQ(code_of(read), "ok");
  return count;
}

std::string PairingTest::stored(sql::Text query) {
  std::string text;
  const auto read =
      place_->database().read([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY(const auto answer, transaction(query));
        EXPECT_EQ(answer.rows.size(), 1U);
        if (!answer.rows.empty()) text = answer.rows.at(0).maybe_text(0).value_or("null");
        return {};
      });
  EXPECT_EQ(code_of(read), "ok");
  return text;
}

std::int64_t PairingTest::audit_rows(std::string_view type) {
  const auto list =
      authority::Audit(place_->parts()).list({.type = std::string(type), .since_ms = {}}, {});
  return list ? static_cast<std::int64_t>(list->items.size()) : -1;
}

base::SecretText access_key_of(std::string_view key_hex, std::int64_t now) {
  const auto key = support::secret_of(key_hex);
  const auto issuer = identity::address_of(key);
  const std::string payload = credential::access_key_payload({.issuer = issuer,
                                                              .audience = issuer,
                                                              .label = "test",
                                                              .nonce = std::string(32, 'a'),
                                                              .counter = 1,
                                                              .issued_at = now,
                                                              .expires_at = now + 100});
  return credential::access_key_text(
      payload, identity::sign(key, identity::Prefix::access, base::bytes_of(payload)));
}

std::string expected_of(const object& row) {
  const object& expect = row.at("expect").as_object();
  return std::to_string(expect.at("status").as_int64()) + " " + text_of(expect, "code") + " " +
         text_of(expect, "error");
}

}  // namespace kronborg::pairing

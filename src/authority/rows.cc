#include "authority/rows.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"

namespace kronborg::authority {

base::Result<identity::Address> address_from(const std::string& text) {
  const auto address = identity::Address::parse(text);
  if (!address)
    return base::Error(base::Code::store_damaged, "The store holds an invalid address.");
  return *address;
}

base::Result<identity::DeviceId> device_id_from(const std::string& text) {
  const auto id = identity::DeviceId::parse(text);
  if (!id) return base::Error(base::Code::store_damaged, "The store holds an invalid device id.");
  return *id;
}

base::Result<std::uint64_t> counter_from(const std::string& text) {
  const std::uint64_t value = sql::u64_from_text(text);
  if (sql::u64_text(value) != text) {
    return base::Error(base::Code::store_damaged, "The store holds an invalid counter.");
  }
  return value;
}

std::string stored_nonce(std::string_view nonce) { return base::percent_encode(nonce); }

base::Result<std::string> nonce_from(const std::string& stored) {
  auto nonce = base::percent_decode(stored);
  if (!nonce) return base::Error(base::Code::store_damaged, "The store holds an invalid nonce.");
  return *std::move(nonce);
}

base::Result<std::optional<IdentityFacts>> read_identity(sql::Transaction& transaction) {
  TRY(const auto answer, transaction("SELECT master, device_id, keystore, created_at_ms, "
                                     "bundle_updated_at_ms, recovery_folder FROM identity"));
  if (answer.rows.empty()) return std::optional<IdentityFacts>();
  const sql::Row& row = answer.rows.front();
  TRY(const auto master, address_from(row.text(0)));
  return std::optional(IdentityFacts{.master = master,
                                     .device_id = row.text(1),
                                     .keystore = row.text(2),
                                     .created_at_ms = row.integer(3),
                                     .bundle_updated_at_ms = row.maybe_integer(4),
                                     .recovery_folder = row.maybe_text(5)});
}

base::Result<IdentityFacts> require_identity(sql::Transaction& transaction) {
  TRY(auto facts, read_identity(transaction));
  if (!facts) return base::Code::identity_missing;
  return *std::move(facts);
}

AgentFacts facts_of(const AgentRecord& agent) {
  return {.id = agent.id,
          .name = agent.name,
          .address = agent.address,
          .upstream = agent.upstream,
          .index = agent.index};
}

namespace {

base::Result<std::optional<std::uint64_t>> maybe_counter(const base::Result<sql::Answer>& answer) {
  if (!answer) return answer.error();
  if (answer->rows.empty()) return std::optional<std::uint64_t>();
  TRY(const auto value, counter_from(answer->rows.front().text(0)));
  return std::optional(value);
}

}  // namespace

base::Result<std::optional<std::uint64_t>> read_threshold(sql::Transaction& transaction,
                                                          const identity::Address& issuer) {
  return maybe_counter(
      transaction("SELECT threshold FROM thresholds WHERE issuer = $1", issuer.lower()));
}

base::Result<std::optional<std::uint64_t>> read_last_counter(sql::Transaction& transaction,
                                                             const identity::Address& issuer) {
  return maybe_counter(
      transaction("SELECT last_counter FROM counters WHERE issuer = $1", issuer.lower()));
}

std::int64_t rows_to_fetch(const Page& page) { return std::clamp(page.limit, 1, 500) + 1; }

}  // namespace kronborg::authority

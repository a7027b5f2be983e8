#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "base/result.h"
#include "sql/database.h"

// What several nouns of this folder read and write in the tables of store_schema.cc.

namespace kronborg::authority {

/// Error: store_damaged.
base::Result<identity::Address> address_from(const std::string& text);
/// Error: store_damaged.
base::Result<identity::DeviceId> device_id_from(const std::string& text);
/// Error: store_damaged for a text that sql::u64_text did not write.
base::Result<std::uint64_t> counter_from(const std::string& text);

/// Any nonce as a text that every store can hold; the identity for those minted here.
std::string stored_nonce(std::string_view nonce);
base::Result<std::string> nonce_from(const std::string& stored);

/// The one identity row; nothing before set-up.
base::Result<std::optional<IdentityFacts>> read_identity(sql::Transaction& transaction);
/// Error: identity_missing.
base::Result<IdentityFacts> require_identity(sql::Transaction& transaction);

/// Errors: agent_not_found, store_damaged.
base::Result<AgentRecord> read_agent(sql::Transaction& transaction, std::string_view id,
                                     std::int64_t now);
AgentFacts facts_of(const AgentRecord& agent);

/// threshold(iss) and the greatest counter allocated for it; nothing when there is none.
base::Result<std::optional<std::uint64_t>> read_threshold(sql::Transaction& transaction,
                                                          const identity::Address& issuer);
base::Result<std::optional<std::uint64_t>> read_last_counter(sql::Transaction& transaction,
                                                             const identity::Address& issuer);

/// `page` within 1..500, and one more row to see whether there are more.
std::int64_t rows_to_fetch(const Page& page);

/// Cuts the extra row off and sets `last` and `has_more`. `position` is the column of `seq`.
template <class T, class Read>
base::Result<Listed<T>> listed(const sql::Answer& answer, const Page& page, std::size_t position,
                               Read read) {
  Listed<T> list;
  list.last = page.after;
  const auto limit = static_cast<std::size_t>(rows_to_fetch(page) - 1);
  for (const sql::Row& row : answer.rows) {
    if (list.items.size() == limit) {
      list.has_more = true;
      break;
    }
    TRY(auto item, read(row));
    list.items.push_back(std::move(item));
    list.last = row.integer(position);
  }
  return list;
}

}  // namespace kronborg::authority

#include "authority/stored_values.h"

#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::authority {

std::string digest_of(std::string_view content) {
  return base::hex(crypto::sha256(base::bytes_of(content)));
}

base::Result<std::optional<std::string>> read_value(sql::Transaction& transaction,
                                                    std::string_view name) {
  TRY(const auto found, transaction("SELECT value FROM settings WHERE name = $1", name));
  if (found.rows.empty()) return std::optional<std::string>();
  return std::optional(found.rows.front().text(0));
}

base::Result<void> write_value(sql::Transaction& transaction, std::string_view name,
                               const std::string& value) {
  TRY_VOID(
      transaction("INSERT INTO settings (name, value) VALUES ($1, $2) "
                  "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                  name, value));
  return {};
}

base::Result<void> remove_value(sql::Transaction& transaction, std::string_view name) {
  TRY_VOID(transaction("DELETE FROM settings WHERE name = $1", name));
  return {};
}

}  // namespace kronborg::authority

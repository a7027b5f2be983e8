#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "authority/authority.h"
#include "base/result.h"
#include "identity/address.h"
#include "sql/database.h"

namespace kronborg::pairing {

/// Whom a key was made for.
struct PairedWith {
  std::string kind;    ///< connector, phone, device
  std::string holder;  ///< unique within its kind

  static PairedWith connector(const identity::Address& address);
  /// `device_id`: any text.
  static PairedWith phone(std::string_view device_id);
  /// `device_id`: of the owner's device.
  static PairedWith device(std::string_view device_id);
};

// All of these work within the transaction of the operation.

base::Result<void> record_paired_key(sql::Transaction& transaction, const PairedWith& holder,
                                     const authority::KeyRecord& key);
/// It has a key that is neither revoked nor expired. `now` in seconds.
base::Result<bool> has_live_key(sql::Transaction& transaction, const PairedWith& holder,
                                std::int64_t now);
base::Result<bool> is_phone_key(sql::Transaction& transaction, std::string_view key_id);

/// Revokes the earlier keys of a holder, those of one agent or all of them; how many there were.
/// They are refused from the moment at which the transaction is durable.
base::Result<std::int64_t> replace_keys(sql::Transaction& transaction,
                                        const authority::Parts& authority,
                                        const authority::Actor& actor, const PairedWith& holder,
                                        const std::optional<std::string>& agent_id,
                                        std::string_view reason);
/// The same for one key, if there is a live one of that id.
base::Result<std::int64_t> revoke_key_within(sql::Transaction& transaction,
                                             const authority::Parts& authority,
                                             const authority::Actor& actor, std::string_view key_id,
                                             std::string_view reason);

}  // namespace kronborg::pairing

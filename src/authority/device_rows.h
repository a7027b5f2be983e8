#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authority/devices.h"
#include "base/result.h"
#include "sql/database.h"

// What is read and written in the table of devices.

namespace kronborg::authority {

#define DEVICE_COLUMNS                                                                       \
  "SELECT seq, id, kind, issuer, public_key, name, sign_count, attestation, created_at_ms, " \
  "last_seen_at_ms, revoked_at_ms FROM devices "

/// A row of DEVICE_COLUMNS. Error: store_damaged.
base::Result<DeviceRecord> device_of(const sql::Row& row);
/// Nothing when there is none.
base::Result<std::optional<DeviceRecord>> read_device(sql::Transaction& transaction,
                                                      std::string_view id);
base::Result<void> insert_device(sql::Transaction& transaction, const DeviceRecord& device,
                                 base::BytesView receipt, std::int64_t seq);

/// Its audit row, its row, and with the commit its place in the policy.
base::Result<void> add_device(sql::Transaction& transaction, const Parts& parts, const Actor& actor,
                              const DeviceRecord& device, base::BytesView receipt);

/// What a decision needs of it. Error: store_damaged.
base::Result<DeviceFacts> facts_of(const DeviceRecord& device);
/// Every device, into the policy.
base::Result<void> load_devices(sql::Transaction& transaction, Policy& policy);

}  // namespace kronborg::authority

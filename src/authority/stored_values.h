#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/database.h"

namespace kronborg::authority {

// Single values of this folder in the table `settings`.

/// SHA-256 of the content of the recovery bundle on disk, in hexadecimal digits.
inline constexpr std::string_view bundle_digest_name = "recovery.bundle_digest";
/// Unix milliseconds of the last drill, in decimal digits.
inline constexpr std::string_view last_drill_name = "recovery.last_drill_ms";
/// A recovery between its files and its rows; see restore.h.
inline constexpr std::string_view pending_recovery_name = "recovery.pending";

/// SHA-256 in hexadecimal digits.
std::string digest_of(std::string_view content);

base::Result<std::optional<std::string>> read_value(sql::Transaction& transaction,
                                                    std::string_view name);
base::Result<void> write_value(sql::Transaction& transaction, std::string_view name,
                               const std::string& value);
base::Result<void> remove_value(sql::Transaction& transaction, std::string_view name);

}  // namespace kronborg::authority

#pragma once

#include <span>

#include "sql/migrations.h"

namespace kronborg::authority {

/// The one schema of the product, for both stores. Beside the tables of this folder it holds
/// `idempotency`, which belongs to the management API (docs/protocol/http.md section 11).
std::span<const sql::Migration> migrations();

}  // namespace kronborg::authority

#pragma once

#include <span>

#include "sql/migrations.h"

namespace kronborg::app {

/// Every step of the store's schema, of all folders, in order of version.
std::span<const sql::Migration> schema();

}  // namespace kronborg::app

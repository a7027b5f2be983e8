#pragma once

#include <span>

#include "sql/migrations.h"

namespace kronborg::app {

/// Every step of the store's schema, in order: authority's, then those of spaces.
std::span<const sql::Migration> schema();

}  // namespace kronborg::app

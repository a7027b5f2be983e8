#pragma once

#include <span>

#include "sql/migrations.h"

namespace kronborg::spaces {

/// The tables of this folder, to be run behind those of authority/store_schema.h.
std::span<const sql::Migration> migrations();

}  // namespace kronborg::spaces

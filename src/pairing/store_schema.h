#pragma once

#include <span>

#include "sql/migrations.h"

namespace kronborg::pairing {

/// The tables of this folder; app puts the steps of all folders in order of version.
std::span<const sql::Migration> migrations();

}  // namespace kronborg::pairing

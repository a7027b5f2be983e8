#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "authority/store_schema.h"
#include "sql/migrations.h"

namespace kronborg::authority {

/// The steps of this folder, and in their place those of others, whose tables it does not need.
inline std::vector<sql::Migration> gapless_migrations() {
  static constexpr auto foreign = std::to_array<sql::Text>({"SELECT 1"});
  std::vector<sql::Migration> all;
  for (const sql::Migration& own : migrations()) {
    for (auto next = static_cast<std::int64_t>(all.size()) + 1; next < own.version; ++next) {
      all.push_back({.version = next, .statements = foreign});
    }
    all.push_back(own);
  }
  return all;
}

}  // namespace kronborg::authority

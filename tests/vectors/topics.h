#pragma once

#include <string_view>

#include "base/json.h"

namespace kronborg::vectors {

/// Runs every row of one vector file; failures are reported through GoogleTest, with the row.
using Check = void (*)(const base::json::object& file);

struct Topic {
  std::string_view name;  ///< the member `topic` of the file
  Check check;
};

/// nothing when no runner is built for this topic.
Check check_of(std::string_view topic);

// One per file here, named after the topic.
void check_keccak(const base::json::object& file);
void check_addresses(const base::json::object& file);
void check_agent_keys(const base::json::object& file);
void check_envelope(const base::json::object& file);
void check_mnemonic(const base::json::object& file);
void check_recovery(const base::json::object& file);
void check_access_keys(const base::json::object& file);
void check_devices(const base::json::object& file);
void check_request_token(const base::json::object& file);

}  // namespace kronborg::vectors

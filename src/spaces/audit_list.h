#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "spaces/act.h"

namespace kronborg::spaces {

/// One entry of the audit of a space (docs/protocol/spaces.md section 12).
struct AuditEntry {
  std::int64_t seq = 0, at_ms = 0;
  std::string id, event, actor_kind;
  std::optional<std::string> participant_id;  ///< of the actor
  std::optional<std::string> subject, key_id, source_address, request_id;
  base::json::object detail;
};
struct AuditPage {
  std::vector<AuditEntry> entries;
  std::int64_t last = 0;
  bool has_more = false;
};
/// With a number above `after`, newest last.
base::Result<AuditPage> list_audit(Act& act, std::int64_t space, std::int64_t after, int limit);

base::json::object render(const AuditEntry& entry);

}  // namespace kronborg::spaces

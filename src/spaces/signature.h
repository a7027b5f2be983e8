#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "spaces/act.h"
#include "spaces/artifact.h"

namespace kronborg::spaces {

/// Sign-off of a revision by a proven address (docs/protocol/spaces.md section 9.4).
struct Signature {
  std::string id, artifact_id, sha256, intent, address, participant_id, signature, message;
  std::int64_t revision = 0, position = 0, signed_at_ms = 0;
};
struct NewSignature {
  std::int64_t revision = 0;
  std::string sha256, intent = "approve", signature;
};
/// A repeat with the same revision, address and intent is the first record. Errors:
/// identity_required, not_found, revision_conflict (409), signature_invalid (400),
/// limit_reached.
base::Result<Signature> sign_artifact(Act& act, const Caller& caller, std::string_view artifact_id,
                                      const NewSignature& wanted);
/// Oldest first, of one revision or of all.
base::Result<ArtifactPage<Signature>> list_signatures(Act& act, std::string_view artifact_id,
                                                      std::optional<std::int64_t> revision,
                                                      std::int64_t after, int limit);
base::json::object render(const Signature& signature);

}  // namespace kronborg::spaces

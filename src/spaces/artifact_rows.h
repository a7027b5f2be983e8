#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "spaces/act.h"
#include "spaces/artifact.h"

// Rows, refusals and notices of artifacts, for the files artifact_*.cc and signature.cc.

namespace kronborg::spaces {

/// What a SELECT of an artifact begins with; read by artifact_of().
#define ARTIFACT_COLUMNS                                                                       \
  "SELECT id, space, position, name, media_type, revision, sha256, size, created_at_ms, "      \
  "created_by, created_by_name, updated_at_ms, updated_by, updated_by_name, signature_count, " \
  "lock_token, lock_holder, lock_holder_name, lock_until_ms FROM space_artifacts "

Artifact artifact_of(const sql::Row& row);

/// A `{participantId, name}` of section 9.1.
base::json::object author(std::string_view id, std::string_view name);
/// The caller's name as it is now.
base::Result<std::string> name_of_caller(Act& act, const Caller& caller);

/// `content_bytes` of the space moves by `bytes`. Error: limit_reached (`content`).
base::Result<void> charge_content(Act& act, std::int64_t space, std::int64_t bytes);

/// Tells the readers: `action` is one of section 8.4.
void tell_artifact(Act& act, const Artifact& artifact, std::string_view action);

/// artifact_locked, with the details of section 13. Precondition: it is locked.
base::Error locked_error(const Artifact& artifact, const Caller& caller, std::int64_t now_ms);
/// lock_lost
base::Error lock_lost_error(const Artifact& artifact);
/// revision_conflict with `status`, and the current state.
base::Error conflict_error(const Artifact& artifact, int status);

/// Section 9.2: whether a write is accepted.
base::Result<void> check_condition(const Artifact& artifact, const Caller& caller,
                                   const Condition& condition, std::int64_t now_ms);

/// A live lock of the caller's with this token.
bool holds(const Artifact& artifact, const Caller& caller, std::int64_t fencing_token,
           std::int64_t now_ms);
/// Takes the lock off, in the store and in `artifact`: audit `event`, or `lock.expired` of the
/// system's when the lease is over, and the readers are told. Precondition: there is one.
base::Result<void> take_lock_off(Act& act, Artifact& artifact, std::string_view event);

}  // namespace kronborg::spaces

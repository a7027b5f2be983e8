#include "base/clock.h"
#include "spaces/artifact_rows.h"

namespace kronborg::spaces {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// RFC 9110 section 13.1.1: `*`, or a list of tags of which one is the same by strong comparison.
/// No tag holds a comma, so a list may be cut at them.
bool matches(std::string_view if_match, std::string_view etag) {
  if (trimmed(if_match) == "*") return true;
  while (!if_match.empty()) {
    const auto end = if_match.find(',');
    if (trimmed(if_match.substr(0, end)) == etag) return true;
    if_match = end == std::string_view::npos ? std::string_view{} : if_match.substr(end + 1);
  }
  return false;
}

/// Whole seconds until the lease ends, rounded up, at least 1.
std::int64_t seconds_left(std::int64_t until_ms, std::int64_t now_ms) {
  return until_ms > now_ms ? (until_ms - now_ms + 999) / 1000 : 1;
}

bool is_holder(const Artifact& artifact, const Caller& caller) {
  return artifact.lock_holder == text_of(caller.holder);
}

}  // namespace

base::Error locked_error(const Artifact& artifact, const Caller& caller, std::int64_t now_ms) {
  base::Error error =
      is_holder(artifact, caller)
          ? base::Error(base::Code::artifact_locked, "You hold the lock on this document yourself.",
                        "Send the fencingToken of your lock: to write, to renew or to unlock.")
          : base::Error(base::Code::artifact_locked);
  return std::move(error)
      .with({.name = "lockedBy", .value = artifact.lock_holder.value_or("")})
      .with({.name = "lockedByName", .value = artifact.lock_holder_name.value_or("")})
      .with({.name = "lockExpiresAt", .value = base::iso_time(*artifact.lock_until_ms)})
      .with({.name = "retryAfter", .value = seconds_left(*artifact.lock_until_ms, now_ms)});
}

base::Error lock_lost_error(const Artifact& artifact) {
  return base::Error(base::Code::lock_lost)
      .with({.name = "currentRevision", .value = artifact.revision});
}

base::Error conflict_error(const Artifact& artifact, int status) {
  const auto by = base::to_text(author(artifact.updated_by, artifact.updated_by_name));
  return base::Error(base::Code::revision_conflict)
      .with({.name = "currentRevision", .value = artifact.revision})
      .with({.name = "currentSha256", .value = artifact.sha256})
      .with({.name = "updatedBy", .value = base::JsonText{by}})
      .with({.name = "updatedAt", .value = base::iso_time(artifact.updated_at_ms)})
      .with({.name = "_etag", .value = artifact.etag()})
      .with_status(status);
}

bool holds(const Artifact& artifact, const Caller& caller, std::int64_t fencing_token,
           std::int64_t now_ms) {
  return artifact.is_locked(now_ms) && is_holder(artifact, caller) &&
         artifact.lock_token == fencing_token;
}

base::Result<void> check_condition(const Artifact& artifact, const Caller& caller,
                                   const Condition& condition, std::int64_t now_ms) {
  const bool locked = artifact.is_locked(now_ms);
  if (locked && (!condition.fencing_token || !is_holder(artifact, caller)))
    return locked_error(artifact, caller, now_ms);
  if (condition.fencing_token && !holds(artifact, caller, *condition.fencing_token, now_ms))
    return lock_lost_error(artifact);
  if (condition.if_match && !matches(*condition.if_match, artifact.etag()))
    return conflict_error(artifact, 412);
  if (condition.base_revision && *condition.base_revision != artifact.revision)
    return conflict_error(artifact, 409);
  return {};
}

}  // namespace kronborg::spaces

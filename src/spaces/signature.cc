#include "spaces/signature.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "spaces/artifact_rows.h"
#include "spaces/participant.h"
#include "spaces/proof.h"

namespace kronborg::spaces {
namespace {

#define SIGNATURE_COLUMNS                                                                        \
  "SELECT id, artifact, sha256, intent, address, participant_id, signature, message, revision, " \
  "position, signed_at_ms FROM space_signatures "

Signature signature_of(const sql::Row& row) {
  return {.id = row.text(0),
          .artifact_id = row.text(1),
          .sha256 = row.text(2),
          .intent = row.text(3),
          .address = row.text(4),
          .participant_id = row.text(5),
          .signature = row.text(6),
          .message = row.text(7),
          .revision = row.integer(8),
          .position = row.integer(9),
          .signed_at_ms = row.integer(10)};
}

std::string sign_off_text(const Act& act, const Caller& caller, const Artifact& artifact,
                          const NewSignature& wanted, const identity::Address& address) {
  return fmt::format(
      "kronborg artifact sign-off v1\norigin: {}\nspace: {}\nartifact: {}\nrevision: {}\n"
      "sha256: {}\nintent: {}\naddress: {}",
      act.parts.origin, text_of(caller.space_id), artifact.id, wanted.revision, wanted.sha256,
      wanted.intent, address.text());
}

/// Revision and hash must belong together. Error: revision_conflict.
base::Result<void> require_revision(Act& act, const Artifact& artifact,
                                    const NewSignature& wanted) {
  TRY(const auto found, act.run("SELECT 1 FROM space_revisions WHERE artifact = $1 "
                                "AND revision = $2 AND sha256 = $3",
                                artifact.id, wanted.revision, wanted.sha256));
  if (!found.rows.empty()) return {};
  base::Error error = conflict_error(artifact, 409);
  error.message = "That revision of the document does not have that hash.";
  error.hint = "Read the revision you want to sign, and sign its own number and hash.";
  return error;
}

/// The position of a new signature. Error: limit_reached (`signatures`).
base::Result<std::int64_t> next_position(Act& act, const Artifact& artifact) {
  TRY(const auto last, act.run("SELECT COUNT(*), COALESCE(MAX(position), 0) FROM space_signatures "
                               "WHERE artifact = $1",
                               artifact.id));
  if (last.rows.at(0).integer(0) < max_signatures) return last.rows.at(0).integer(1) + 1;
  return base::Error(base::Code::limit_reached, "This document has all the signatures it may have.",
                     "Sign a new document.")
      .with({.name = "limit", .value = "signatures"})
      .with({.name = "max", .value = max_signatures});
}

base::Result<void> store(Act& act, Artifact& artifact, const Signature& made) {
  TRY_VOID(
      act.run("INSERT INTO space_signatures (id, space, artifact, position, revision, sha256, "
              "intent, address, participant_id, signature, message, signed_at_ms) "
              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
              made.id, artifact.space, made.artifact_id, made.position, made.revision, made.sha256,
              made.intent, made.address, made.participant_id, made.signature, made.message,
              made.signed_at_ms));
  TRY_VOID(
      act.run("UPDATE space_revisions SET signature_count = signature_count + 1 "
              "WHERE artifact = $1 AND revision = $2",
              artifact.id, made.revision));
  TRY_VOID(
      act.run("UPDATE space_artifacts SET signature_count = signature_count + 1 "
              "WHERE id = $1",
              artifact.id));
  ++artifact.signature_count;
  TRY_VOID(act.note(artifact.space, {.event = "artifact.signed",
                                     .subject = artifact.id,
                                     .detail = {{"signatureId", made.id},
                                                {"revision", made.revision},
                                                {"sha256", made.sha256},
                                                {"intent", made.intent},
                                                {"address", made.address}}}));
  tell_artifact(act, artifact, "signed");
  return {};
}

}  // namespace

base::Result<Signature> sign_artifact(Act& act, const Caller& caller, std::string_view artifact_id,
                                      const NewSignature& wanted) {
  // The address as it is now: what the caller's key was good for when the request came is older.
  TRY(const Participant signer, read_participant(act, caller.space, text_of(caller.holder)));
  if (!signer.address) return base::Code::identity_required;
  TRY(Artifact artifact, read_artifact(act, caller.space, artifact_id));
  TRY_VOID(require_revision(act, artifact, wanted));
  std::string message = sign_off_text(act, caller, artifact, wanted, *signer.address);
  if (signer_of(message, wanted.signature) != signer.address) {
    return base::Error(base::Code::signature_invalid,
                       "The signature is not one of your proven address over this sign-off.",
                       "Sign the lines of the sign-off with personal_sign, by the address that "
                       "you have proven here.")
        .with_status(400);
  }
  const std::string address = signer.address->text();
  TRY(const auto first, act.run(SIGNATURE_COLUMNS "WHERE artifact = $1 AND revision = $2 "
                                                  "AND address = $3 AND intent = $4",
                                artifact.id, wanted.revision, address, wanted.intent));
  if (!first.rows.empty()) return signature_of(first.rows.front());
  TRY(const std::int64_t position, next_position(act, artifact));
  Signature made{.id = act.new_id(),
                 .artifact_id = artifact.id,
                 .sha256 = wanted.sha256,
                 .intent = wanted.intent,
                 .address = address,
                 .participant_id = signer.id,
                 .signature = base::lower(wanted.signature),
                 .message = std::move(message),
                 .revision = wanted.revision,
                 .position = position,
                 .signed_at_ms = act.now_ms};
  TRY_VOID(store(act, artifact, made));
  return made;
}

base::Result<ArtifactPage<Signature>> list_signatures(Act& act, std::string_view artifact_id,
                                                      std::optional<std::int64_t> revision,
                                                      std::int64_t after, int limit) {
  TRY(const auto found,
      act.run(SIGNATURE_COLUMNS "WHERE artifact = $1 AND position > $2 "
                                "AND ($3 = 0 OR revision = $3) ORDER BY position LIMIT $4",
              artifact_id, after, revision.value_or(0), limit + 1));
  ArtifactPage<Signature> page{.items = {}, .last = after, .has_more = false};
  for (const sql::Row& row : found.rows) {
    page.has_more = page.items.size() == static_cast<std::size_t>(limit);
    if (page.has_more) break;
    page.items.push_back(signature_of(row));
    page.last = page.items.back().position;
  }
  return page;
}

base::json::object render(const Signature& signature) {
  return {
      {"signatureId", signature.id},
      {"artifactId", signature.artifact_id},
      {"revision", signature.revision},
      {"sha256", signature.sha256},
      {"intent", signature.intent},
      {"address", signature.address},
      {"participantId", signature.participant_id},
      {"signature", signature.signature},
      {"message", signature.message},
      {"signedAt", base::iso_time(signature.signed_at_ms)},
  };
}

}  // namespace kronborg::spaces

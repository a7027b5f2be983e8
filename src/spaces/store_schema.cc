#include "spaces/store_schema.h"

#include <array>

namespace kronborg::spaces {

namespace {

// A space has a number (the key of its rows, so that they lie together) and an id (a UUID, what is
// seen outside). Times are Unix milliseconds. `due_at_ms` is the next moment at which the sweep has
// to look at a row; null: never. Enums are the numbers of kinds.h.
constexpr auto tables = std::to_array<sql::Text>({
    // clock_ms: the latest time that was stored; what ended by time stays ended when clocks step
    // back. open_spaces, dead_keys: how many rows are in that state, kept with every change of it,
    // so that the two limits cost no count.
    "CREATE TABLE space_counter (one BIGINT PRIMARY KEY, next_space BIGINT NOT NULL, "
    "clock_ms BIGINT NOT NULL, open_spaces BIGINT NOT NULL, dead_keys BIGINT NOT NULL)",
    "INSERT INTO space_counter (one, next_space, clock_ms, open_spaces, dead_keys) "
    "VALUES (1, 1, 0, 0, 0)",

    // state: 0 open, 1 closed, 2 erased. unused_until_ms: null once the owner key was used.
    // told_closing: the 300 s notice of a ttl end has been told.
    "CREATE TABLE spaces (number BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, state BIGINT NOT "
    "NULL, "
    "name TEXT NOT NULL, description TEXT NOT NULL, agenda TEXT, is_public BIGINT NOT NULL, "
    "requires_approval BIGINT NOT NULL, require_verified BIGINT NOT NULL, owner_id TEXT NOT NULL, "
    "created_at_ms BIGINT NOT NULL, updated_at_ms BIGINT NOT NULL, expires_at_ms BIGINT, "
    "unused_until_ms BIGINT, ownerless_at_ms BIGINT, retention_days BIGINT NOT NULL, "
    "closed_at_ms BIGINT, closed_reason BIGINT, erase_at_ms BIGINT, last_seq BIGINT NOT NULL, "
    "last_message_at_ms BIGINT, audit_seq BIGINT NOT NULL, content_bytes BIGINT NOT NULL, "
    "told_closing BIGINT NOT NULL, due_at_ms BIGINT)",
    "CREATE INDEX spaces_due ON spaces (state, due_at_ms)",
    "CREATE INDEX spaces_listed ON spaces (is_public, state, number)",

    // hash: SHA-256 of the 32 bytes. holder: participant or invitation. due_reason: why it ends
    // when
    // due_at_ms has come (KeyEnd). expires_at_ms: the end it was minted with, as shown.
    // ended_reason null: it ended with its space.
    "CREATE TABLE space_keys (hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, space BIGINT NOT "
    "NULL, "
    "type BIGINT NOT NULL, holder TEXT NOT NULL, hint TEXT NOT NULL, created_at_ms BIGINT NOT "
    "NULL, "
    "last_used_at_ms BIGINT, expires_at_ms BIGINT, ended_at_ms BIGINT, ended_reason BIGINT, "
    "due_at_ms BIGINT, due_reason BIGINT)",
    "CREATE INDEX space_keys_live ON space_keys (space, holder) WHERE ended_at_ms IS NULL",
    "CREATE INDEX space_keys_age ON space_keys (space, created_at_ms)",
    "CREATE INDEX space_keys_due ON space_keys (due_at_ms) WHERE due_at_ms IS NOT NULL",
    "CREATE INDEX space_keys_ended ON space_keys (ended_at_ms) WHERE ended_at_ms IS NOT NULL",

    // status: pending, active, left, kicked, denied, expired. muted_until_ms: null not muted, -1
    // without end. join_token_hash: SHA-256 of the join token. key_wanted: an approved key that
    // waits
    // to be collected (also after reissue). due_at_ms: the end of a pending request.
    "CREATE TABLE space_participants (id TEXT PRIMARY KEY, space BIGINT NOT NULL, "
    "position BIGINT NOT NULL, name TEXT NOT NULL, name_folded TEXT NOT NULL, role TEXT, "
    "key_type BIGINT NOT NULL, status TEXT NOT NULL, muted_until_ms BIGINT, address TEXT, "
    "verified_at_ms BIGINT, invitation_id TEXT, join_token_hash TEXT, key_wanted BIGINT NOT NULL, "
    "key_expires_in_s BIGINT, requested_at_ms BIGINT, joined_at_ms BIGINT, last_seen_at_ms BIGINT, "
    "due_at_ms BIGINT)",
    "CREATE INDEX space_participants_place ON space_participants (space, position)",
    "CREATE INDEX space_participants_due ON space_participants (due_at_ms)",
    // kind: participant, address. A blocked joiner is known by either.
    "CREATE TABLE space_blocks (space BIGINT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, "
    "participant_id TEXT NOT NULL, PRIMARY KEY (space, kind, value))",

    // state: live, expired, used_up, revoked, rotated. listed_key: the key of an invitation that
    // the
    // owner has published in the directory, and of no other; gone when it ends.
    "CREATE TABLE space_invitations (id TEXT PRIMARY KEY, space BIGINT NOT NULL, "
    "position BIGINT NOT NULL, key_type BIGINT NOT NULL, label TEXT, created_at_ms BIGINT NOT "
    "NULL, "
    "expires_at_ms BIGINT NOT NULL, max_uses BIGINT NOT NULL, uses BIGINT NOT NULL, "
    "requires_approval BIGINT NOT NULL, listed BIGINT NOT NULL, listed_key TEXT, state TEXT NOT "
    "NULL, "
    "successor_id TEXT)",
    "CREATE INDEX space_invitations_place ON space_invitations (space, position)",

    // sender_id null: the system. mentions: JSON array.
    "CREATE TABLE space_messages (space BIGINT NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL, "
    "at_ms BIGINT NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL, sender_id TEXT, "
    "sender_name TEXT NOT NULL, sender_key_type TEXT NOT NULL, sender_verified BIGINT NOT NULL, "
    "sender_address TEXT, reply_to TEXT, mentions TEXT, redacted BIGINT NOT NULL, "
    "PRIMARY KEY (space, seq))",
    "CREATE INDEX space_messages_id ON space_messages (space, id)",

    // lock_token: the last fencing token that was granted. lock_until_ms null: not locked.
    "CREATE TABLE space_artifacts (id TEXT PRIMARY KEY, space BIGINT NOT NULL, "
    "position BIGINT NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL, revision BIGINT NOT "
    "NULL, "
    "sha256 TEXT NOT NULL, size BIGINT NOT NULL, created_at_ms BIGINT NOT NULL, "
    "created_by TEXT NOT NULL, created_by_name TEXT NOT NULL, updated_at_ms BIGINT NOT NULL, "
    "updated_by TEXT NOT NULL, updated_by_name TEXT NOT NULL, deleted BIGINT NOT NULL, "
    "signature_count BIGINT NOT NULL, lock_token BIGINT NOT NULL, lock_holder TEXT, "
    "lock_holder_name TEXT, lock_until_ms BIGINT)",
    "CREATE INDEX space_artifacts_place ON space_artifacts (space, position)",
    "CREATE INDEX space_artifacts_lock ON space_artifacts (lock_until_ms)",
    // content null: pruned, only the hash is kept.
    "CREATE TABLE space_revisions (artifact TEXT NOT NULL, revision BIGINT NOT NULL, "
    "space BIGINT NOT NULL, sha256 TEXT NOT NULL, size BIGINT NOT NULL, created_at_ms BIGINT NOT "
    "NULL, "
    "created_by TEXT NOT NULL, created_by_name TEXT NOT NULL, note TEXT, content TEXT, "
    "signature_count BIGINT NOT NULL, PRIMARY KEY (artifact, revision))",
    "CREATE INDEX space_revisions_space ON space_revisions (space)",
    "CREATE TABLE space_signatures (id TEXT PRIMARY KEY, space BIGINT NOT NULL, artifact TEXT NOT "
    "NULL, "
    "position BIGINT NOT NULL, revision BIGINT NOT NULL, sha256 TEXT NOT NULL, intent TEXT NOT "
    "NULL, "
    "address TEXT NOT NULL, participant_id TEXT NOT NULL, signature TEXT NOT NULL, "
    "message TEXT NOT NULL, signed_at_ms BIGINT NOT NULL, "
    "UNIQUE (artifact, revision, address, intent))",
    "CREATE INDEX space_signatures_place ON space_signatures (artifact, position)",
    "CREATE INDEX space_signatures_space ON space_signatures (space)",

    // purpose: attach or join. subject: participant or invitation.
    "CREATE TABLE space_challenges (id TEXT PRIMARY KEY, space BIGINT NOT NULL, key_id TEXT NOT "
    "NULL, "
    "purpose TEXT NOT NULL, subject TEXT NOT NULL, address TEXT NOT NULL, nonce TEXT NOT NULL, "
    "expires_at_ms BIGINT NOT NULL)",
    "CREATE INDEX space_challenges_key ON space_challenges (key_id)",
    "CREATE INDEX space_challenges_end ON space_challenges (expires_at_ms)",

    "CREATE TABLE space_audit (space BIGINT NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL, "
    "at_ms BIGINT NOT NULL, event TEXT NOT NULL, actor_kind TEXT NOT NULL, actor_id TEXT, "
    "subject TEXT, key_id TEXT, source_address TEXT, request_id TEXT, detail TEXT, "
    "PRIMARY KEY (space, seq))",

    // scope: SHA-256 over caller, method, path and key. salt: of a sealed body, else null.
    // dead_until_ms: the operation ended its own credential; until then a repeat is replayed.
    "CREATE TABLE space_answers (scope TEXT PRIMARY KEY, credential TEXT NOT NULL, "
    "fingerprint TEXT NOT NULL, status BIGINT NOT NULL, content_type TEXT NOT NULL, etag TEXT, "
    "body TEXT NOT NULL, salt TEXT, created_at_ms BIGINT NOT NULL, dead_until_ms BIGINT)",
    "CREATE INDEX space_answers_credential ON space_answers (credential)",
    "CREATE INDEX space_answers_age ON space_answers (created_at_ms)",
});

constexpr std::array<sql::Migration, 1> all{{{.version = 3, .statements = tables}}};

}  // namespace

std::span<const sql::Migration> migrations() { return all; }

}  // namespace kronborg::spaces

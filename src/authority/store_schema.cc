#include "authority/store_schema.h"

#include <array>

namespace kronborg::authority {

namespace {

// Addresses are keyed lower-case, 64-bit counters are 20 decimal digits (sql::u64_text), nonces are
// percent-encoded (those of keys made elsewhere may hold any character), `seq` is the position in
// lists: the audit row of the creation. Tables with a column `one` hold a single row.
constexpr auto first = std::to_array<sql::Text>({
    "CREATE TABLE identity (one BIGINT PRIMARY KEY, master TEXT NOT NULL, device_id TEXT NOT NULL, "
    "keystore TEXT NOT NULL, created_at_ms BIGINT NOT NULL, bundle_updated_at_ms BIGINT, "
    "recovery_folder TEXT)",
    // Stands while the keystore is being made: keystore and store cannot change in one step.
    "CREATE TABLE identity_intent (one BIGINT PRIMARY KEY, started_at_ms BIGINT NOT NULL, "
    "recovery_folder TEXT)",
    "CREATE TABLE agents (id TEXT PRIMARY KEY, seq BIGINT NOT NULL UNIQUE, name TEXT NOT NULL "
    "UNIQUE, "
    "description TEXT, upstream TEXT, address TEXT NOT NULL UNIQUE, key_index BIGINT NOT NULL, "
    "scope TEXT NOT NULL, created_at_ms BIGINT NOT NULL, shared BIGINT NOT NULL)",
    "CREATE TABLE index_marks (scope TEXT PRIMARY KEY, next_index BIGINT NOT NULL)",
    "CREATE TABLE access_keys (id TEXT PRIMARY KEY, seq BIGINT NOT NULL UNIQUE, label TEXT NOT "
    "NULL, "
    "issuer TEXT NOT NULL, audience TEXT NOT NULL, nonce TEXT NOT NULL, counter TEXT NOT NULL, "
    "agent_id TEXT, created_at_ms BIGINT NOT NULL, expires_at BIGINT, last_used_at_ms BIGINT, "
    "last_used_from TEXT, use_count BIGINT NOT NULL, revoked_at_ms BIGINT, revoked_reason TEXT, "
    "source TEXT, hint TEXT NOT NULL, hidden BIGINT NOT NULL, UNIQUE (issuer, nonce))",
    "CREATE INDEX access_keys_audience ON access_keys (audience)",
    "CREATE INDEX access_keys_counter ON access_keys (issuer, counter)",
    "CREATE INDEX access_keys_hint ON access_keys (hint)",
    "CREATE INDEX access_keys_label ON access_keys (label)",
    "CREATE INDEX access_keys_source ON access_keys (source)",
    "CREATE TABLE revocations (issuer TEXT NOT NULL, nonce TEXT NOT NULL, expires_at BIGINT, "
    "revoked_at_ms BIGINT NOT NULL, PRIMARY KEY (issuer, nonce))",
    "CREATE TABLE thresholds (issuer TEXT PRIMARY KEY, threshold TEXT NOT NULL)",
    "CREATE TABLE counters (issuer TEXT PRIMARY KEY, last_counter TEXT NOT NULL)",
    // How many rows the two tables above must have: rows that vanish are damage, not forgiveness.
    "CREATE TABLE totals (name TEXT PRIMARY KEY, total BIGINT NOT NULL)",
    "INSERT INTO totals (name, total) VALUES ('revocations', 0), ('thresholds', 0)",
    // list: empty for the master list, else the id of the agent.
    "CREATE TABLE whitelist (list TEXT NOT NULL, address TEXT NOT NULL, seq BIGINT NOT NULL "
    "UNIQUE, "
    "label TEXT NOT NULL, created_at_ms BIGINT NOT NULL, PRIMARY KEY (list, address))",
    "CREATE TABLE audit (seq BIGINT PRIMARY KEY, id TEXT NOT NULL, at_ms BIGINT NOT NULL, "
    "type TEXT NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, "
    "source_address TEXT, request_id TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE INDEX audit_at ON audit (at_ms)",
    "CREATE TABLE audit_head (one BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL)",
    "INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '')",
    "CREATE TABLE idempotency (scope_hash TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, "
    "state TEXT NOT NULL, status BIGINT, content_type TEXT, etag TEXT, body TEXT, "
    "created_at_ms BIGINT NOT NULL)",
    "CREATE INDEX idempotency_age ON idempotency (created_at_ms)",
});

// What the management API keeps of its own: docs/protocol/management.md and http.md sections 11
// and 13.
constexpr auto second = std::to_array<sql::Text>({
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    // hash: SHA-256 of the credential; the credential itself is nowhere.
    "CREATE TABLE credentials (id TEXT PRIMARY KEY, seq BIGINT NOT NULL UNIQUE, kind TEXT NOT "
    "NULL, "
    "label TEXT NOT NULL, hint TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, created_at_ms BIGINT NOT "
    "NULL)",
    // Who runs the first request, and where the audit log stood before it: whether its effect took
    // place can be told after a crash.
    "ALTER TABLE idempotency ADD COLUMN started_by TEXT",
    "ALTER TABLE idempotency ADD COLUMN request_id TEXT",
    "ALTER TABLE idempotency ADD COLUMN audit_seq BIGINT",
});

// Devices and what they sign: docs/protocol/identity.md sections 11 and 12. Version 3 is that of
// spaces.
constexpr auto fourth = std::to_array<sql::Text>({
    // public_key: hexadecimal; attestation: a JSON object; receipt: base64url.
    "CREATE TABLE devices (id TEXT PRIMARY KEY, seq BIGINT NOT NULL UNIQUE, kind TEXT NOT NULL, "
    "issuer TEXT NOT NULL, public_key TEXT, name TEXT, sign_count BIGINT NOT NULL, "
    "attestation TEXT NOT NULL, receipt TEXT, created_at_ms BIGINT NOT NULL, "
    "last_seen_at_ms BIGINT, revoked_at_ms BIGINT)",
    // hash: SHA-256 of the challenge. activation and evidence: SHA-256 of the credential that the
    // TPM has to open, and of the evidence that it was made for.
    "CREATE TABLE device_challenges (hash TEXT PRIMARY KEY, expires_at_ms BIGINT NOT NULL, "
    "activation TEXT, evidence TEXT)",
    "CREATE TABLE request_counters (issuer TEXT NOT NULL, device TEXT NOT NULL, counter TEXT NOT "
    "NULL, PRIMARY KEY (issuer, device))",
    // The last counter of the tokens that were signed here.
    "CREATE TABLE signed_counters (issuer TEXT NOT NULL, device TEXT NOT NULL, counter TEXT NOT "
    "NULL, PRIMARY KEY (issuer, device))",
});

constexpr std::array<sql::Migration, 3> all{{{.version = 1, .statements = first},
                                             {.version = 2, .statements = second},
                                             {.version = 4, .statements = fourth}}};

}  // namespace

std::span<const sql::Migration> migrations() { return all; }

}  // namespace kronborg::authority

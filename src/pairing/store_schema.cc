#include "pairing/store_schema.h"

#include <array>

namespace kronborg::pairing {

namespace {

constexpr auto tables = std::to_array<sql::Text>({
    // nonce: base64url of 32 bytes. seq: position in lists, the audit row of the creation. address:
    // the agent's when it was made, lower. expires_at: seconds, as in the link. state: active,
    // used,
    // revoked.
    "CREATE TABLE pairing_invites (nonce TEXT PRIMARY KEY, seq BIGINT NOT NULL UNIQUE, "
    "agent_id TEXT NOT NULL, address TEXT NOT NULL, name TEXT NOT NULL, description TEXT, "
    "url TEXT NOT NULL, issued_at_ms BIGINT NOT NULL, expires_at BIGINT NOT NULL, "
    "state TEXT NOT NULL, used_at_ms BIGINT, redeemed_from TEXT, key_id TEXT, "
    "revoked_at_ms BIGINT)",
    "CREATE INDEX pairing_invites_agent ON pairing_invites (agent_id)",
    "CREATE INDEX pairing_invites_end ON pairing_invites (expires_at)",

    // Whom a key was made for. kind: connector (holder: its address, lower), phone (holder: SHA-256
    // of the device id, which may hold any character) or device (holder: device id of the owner's
    // device).
    "CREATE TABLE paired_keys (key_id TEXT PRIMARY KEY, kind TEXT NOT NULL, holder TEXT NOT NULL, "
    "agent_id TEXT, made_at_ms BIGINT NOT NULL)",
    "CREATE INDEX paired_keys_holder ON paired_keys (kind, holder)",
});

constexpr std::array<sql::Migration, 1> all{{{.version = 5, .statements = tables}}};

}  // namespace

std::span<const sql::Migration> migrations() { return all; }

}  // namespace kronborg::pairing

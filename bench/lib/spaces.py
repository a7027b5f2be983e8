"""A server with raised limits whose store already holds spaces and live keys."""

import hashlib
import os
import sqlite3
import time
from typing import NamedTuple

from lib.servers import Kronborg

# What bounds an honest caller would bound the load; the work behind a request stays the same.
CONFIG = """[limits]
source = [1000000000, 60]
discovery = [1000000000, 60]
space-create = [1000000000, 60]
messages = [1000000000, 60]
space-messages = [1000000000, 60]
writes = [1000000000, 60]
reads = [1000000000, 60]
[spaces]
anonymous_mint_per_hour = 1000000000
streams_per_key = 1000
streams_per_source = 256
streams_per_space = 10000
"""

SPACE = (
    "INSERT INTO spaces (number, id, state, name, description, is_public, requires_approval, "
    "require_verified, owner_id, created_at_ms, updated_at_ms, retention_days, last_seq, audit_seq, "
    "content_bytes, told_closing) VALUES (?, ?, 0, 'bench', '', 0, 1, 0, ?, ?, ?, 30, 0, 0, 0, 0)"
)
PARTICIPANT = (
    "INSERT INTO space_participants (id, space, position, name, name_folded, key_type, status, "
    "key_wanted, joined_at_ms, last_seen_at_ms) VALUES (?, ?, ?, ?, ?, ?, 'active', 0, ?, ?)"
)
KEY = (
    "INSERT INTO space_keys (hash, id, space, type, holder, hint, created_at_ms, last_used_at_ms) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class Key(NamedTuple):
    space: str
    id: str
    text: str
    holder: str


def uuid():
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def fill(store, spaces, keys_each):
    """Written into the store of a stopped server; the first key of each space is its owner's."""
    now, made = int(time.time() * 1000), []
    people, keys, places = [], [], []
    for number in range(1, spaces + 1):
        space = uuid()
        for position in range(1, keys_each + 1):
            secret, holder, key = os.urandom(32), uuid(), uuid()
            kind, name, text = int(position > 1), f"p{position}", secret.hex()
            if position == 1:
                places.append((number, space, holder, now, now))
            people.append((holder, number, position, name, name, kind, now, now))
            digest = hashlib.sha256(secret).hexdigest()
            keys.append((digest, key, number, kind, holder, text[-4:], now, now))
            made.append(Key(space, key, text, holder))
    keys.sort()
    with sqlite3.connect(store) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.executemany(SPACE, places)
        database.executemany(PARTICIPANT, people)
        database.executemany(KEY, keys)
        database.execute(
            "UPDATE space_counter SET next_space = ?, open_spaces = ?, clock_ms = ?",
            (spaces + 1, spaces, now),
        )
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return made


def kronborg_with_spaces(place, spaces, keys_each):
    """A started server, and its keys, space by space."""
    server = Kronborg(place)
    with open(server.folder / "config.toml", "a") as config:
        config.write(CONFIG)
    server.cli("init")
    server.start()
    server.stop()
    made = fill(server.folder / "data/kronborg.db", spaces, keys_each) if spaces else []
    return server.start(), made


def write(file, keys):
    """As bench_space_load and bench_space_fanout read them."""
    file.write_text("".join(f"{key.space} {key.text} {key.id}\n" for key in keys))
    return file

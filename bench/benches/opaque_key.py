"""A million keys that are random digits: hash, look-up, role."""

import hashlib
import http.client
import json
import subprocess
import time

from lib.better_auth import better_auth
from lib.load import Contender, compare
from lib.place import Refused
from lib.servers import nginx
from lib.spaces import kronborg_with_spaces

SUMMARY = "whoami with 1,000,000 space keys in turn, beside nginx + Lua + redis, and better-auth"
PATH = "/oresundspace/whoami"
SPACES, KEYS_EACH = 20_000, 50
# Fewer are a smaller heap to collect, and no disadvantage to better-auth.
BETTER_AUTH_KEYS = 100_000
MODULES = """load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
"""
# SHA-1, the hash that the module has built in, is cheaper than kronborg's SHA-256.
LUA = """lua_package_path "/usr/share/lua/5.1/?.lua;;";
init_by_lua_block { redis = require "nginx.redis" }
server { listen 127.0.0.1:{port}; default_type application/json; location / { content_by_lua_block {
  local key = ngx.var.http_x_private_key
  if not key or #key ~= 64 then return ngx.exit(401) end
  local store = redis:new()
  if not store:connect("unix:SOCKET") then return ngx.exit(503) end
  local found = store:get(ngx.sha1_bin(key))
  store:set_keepalive(600000, 128)
  if not found or found == ngx.null then return ngx.exit(401) end
  ngx.header["Content-Length"] = #found
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(found)
} } }
"""


def command(*parts):
    """In the form that redis reads."""
    text = b"*%d\r\n" % len(parts)
    return text + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def answer(key):
    return json.dumps(
        {
            "credentialType": "space_key",
            "keyType": "participant",
            "keyId": key.id,
            "hint": key.text[-4:],
            "spaceId": key.space,
            "participantId": key.holder,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "muted": False,
            "verified": False,
        },
        separators=(",", ":"),
    ).encode()


def redis_with(place, keys):
    folder = place.sub("redis")
    socket = folder / "socket"
    options = ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]
    process = place.spawn("redis", ["redis-server", *options, "--dir", folder])
    for _ in range(500):
        if socket.exists():
            break
        time.sleep(0.02)
    text = b"".join(
        command(b"SET", hashlib.sha1(key.text.encode()).digest(), answer(key)) for key in keys
    )
    load = ["redis-cli", "-s", str(socket), "--pipe"]
    done = subprocess.run(load, input=text, capture_output=True, check=False)
    if done.returncode != 0:
        raise Refused(f"redis: {done.stderr.decode()}{place.log_of('redis')}")
    return process, socket


def must_know(server, path, key):
    """A server that does not look for the key would win."""
    other = ("0" if key[0] != "0" else "1") + key[1:]
    for given, wanted in ((key, 200), (other, 401)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", path, headers={"X-Private-Key": given})
        status = connection.getresponse().status
        connection.close()
        if status != wanted:
            raise Refused(f"port {server.port} answers {status} and not {wanted}")


def with_better_auth(place, keys):
    file = place.folder / "better-auth-keys"
    file.write_text("".join(key.text for key in keys))
    server = better_auth(place, file)
    must_know(server, "/verify", keys[-1].text)
    # Under full load single answers take it longer than two seconds.
    return Contender("better-auth", server, "/verify", keys=(file, len(keys)), patience=20)


def run(place, options, report):
    spaces = 200 if options.quick else SPACES
    ours, keys = kronborg_with_spaces(place, spaces, KEYS_EACH)
    redis, socket = redis_with(place, keys)
    peer = nginx(place, "nginx", LUA.replace("SOCKET", str(socket)), MODULES)
    peer.processes.append(redis)
    for server in (ours, peer):
        must_know(server, PATH, keys[-1].text)
    file = place.folder / "keys"
    file.write_text("".join(key.text for key in keys))
    given = (file, len(keys))
    contenders = [
        Contender("kronborg", ours, PATH, keys=given),
        Contender("nginx + Lua + redis", peer, PATH, keys=given),
        with_better_auth(place, keys[:BETTER_AUTH_KEYS]),
    ]
    # Once through, so that the memory has seen every key.
    seen = 0
    while seen < len(keys):
        seen += contenders[0].run(1 if options.quick else 20, seen).requests
    compare(contenders, options)
    report.say(f"{len(keys):,} keys in {spaces:,} spaces")
    report.rates(contenders)
    report.against(*contenders[:2])
    report.against(contenders[0], contenders[2], floor=40, work_floor=40)
    cpu = contenders[0].series("cpu_micros")
    report.limit("kronborg", "CPU per request", cpu, "µs", 8)

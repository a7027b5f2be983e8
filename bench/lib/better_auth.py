"""The verification of API keys by better-auth, in one Node.js process."""

import os
import subprocess

from lib.place import Refused, free_port
from lib.servers import ROOT, Web

FOLDER = ROOT / "bench/peers/better_auth"


def better_auth(place, file):
    """Knows the keys of `file`, 64 digits each; answers GET /verify."""
    if not (FOLDER / "node_modules").exists():
        raise Refused("better-auth is not installed: run ./dev setup bench")
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "NODE_ENV": "production"}
    command = ["node", FOLDER / "server.mjs", str(port), file]
    process = place.spawn("better-auth", command, env=environment, stdout=subprocess.PIPE)
    if not process.process.stdout.readline():
        raise Refused(f"better-auth: {place.log_of('better-auth')}")
    return Web(port, [process])

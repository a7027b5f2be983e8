"""From the first request of a connector to its key, with an owner who agrees at once."""

import http.client
import json
import os
import socket
import subprocess
import time

from lib.place import CLIENT_CORE, Refused, bound_to
from lib.servers import ROOT, started_kronborg
from lib.stats import Series

SUMMARY = "pairing with a prompt by the TypeScript client, end to end without the human"
CLIENT = ROOT / "clients/typescript"
GOAL_MS = 50


class OverSocket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Owner:
    """The management API of a server, over one connection."""

    def __init__(self, server):
        self.connection = OverSocket(server.socket)

    def ask(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        fields = {} if body is None else {"Content-Type": "application/json"}
        self.connection.request(method, f"/api/v1{path}", text, fields)
        answer = self.connection.getresponse()
        value = json.loads(answer.read())
        if answer.status >= 300:
            raise Refused(f"{method} {path}: {value}")
        return value

    def approve(self):
        """The request that waits, as soon as there is one."""
        for _ in range(10_000):
            waiting = self.ask("GET", "/pairing-requests")["pairingRequests"]
            if waiting:
                return self.ask("POST", f"/pairing-requests/{waiting[0]['id']}/approve", {})
        raise Refused("no request to pair arrived")


class Connector:
    def __init__(self):
        built = subprocess.run(
            ["npm", "run", "build", "--silent"], cwd=CLIENT, capture_output=True, check=False
        )
        if built.returncode != 0:
            raise Refused(f"npm run build: {built.stdout.decode()}")
        self.process = subprocess.Popen(
            ["node", str(CLIENT / "test/peer.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=bound_to(CLIENT_CORE),
        )
        self.asked = 0

    def send(self, what, **members):
        self.asked += 1
        line = json.dumps({"id": self.asked, "do": what, **members})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self):
        value = json.loads(self.process.stdout.readline())
        if "ok" not in value:
            raise Refused(f"the connector: {value}")
        return value["ok"]


def paired(connector, owner, server, agent):
    """Milliseconds."""
    begin = time.perf_counter()
    connector.send(
        "connect",
        url=f"http://127.0.0.1:{server.port}",
        agent_address=agent["address"],
        agent_id=agent["id"],
        master=os.urandom(32).hex(),
    )
    attempt = connector.answer()
    connector.send("connect_finish", handle=attempt["handle"])
    owner.approve()
    key = connector.answer()["api_key"]
    spent = (time.perf_counter() - begin) * 1e3
    if server.status("/gate/verify", key) != 204:
        raise Refused("the key that was paired is not accepted")
    return spent


def measure(connector, server, rounds):
    """One source may try twice a minute: the server starts anew for each round. The first pairing
    of a round warms both sides up."""
    taken = Series()
    agent = Owner(server).ask("POST", "/agents", {"name": "bench"})
    Owner(server).ask("PATCH", f"/agents/{agent['id']}", {"shared": True})
    for _ in range(rounds):
        server.stop()
        server.start()
        owner = Owner(server)
        paired(connector, owner, server, agent)
        taken.add(paired(connector, owner, server, agent))
    return taken


def run(place, options, report):
    connector = Connector()
    try:
        server = started_kronborg(place)
        taken = measure(connector, server, 3 if options.quick else 4 * options.repeats)
    finally:
        connector.process.kill()
    report.say(f"pairing, key delivered: {taken.text(1)} ms")
    report.figure("kronborg", "pairing", taken, "ms")
    report.limit("kronborg", "pairing", taken, "ms", GOAL_MS)

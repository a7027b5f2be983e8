"""Revocations that are on the disk before they are acknowledged."""

import json
import subprocess

from lib.place import CLIENT_CORE, SERVER_CORE, Refused, bound_to, wait_until_idle
from lib.servers import must_refuse, program, started_kronborg
from lib.stats import Series

SUMMARY = "64 clients revoke, alone and while 64 verify, beside one SQLite commit per revocation"
CLIENTS = "64"


class Row:
    def __init__(self, name):
        self.name = name
        self.rate, self.p50, self.p99 = Series(), Series(), Series()

    def add(self, count, seconds, p50, p99):
        self.rate.add(count / seconds)
        self.p50.add(p50 / 1e3)
        self.p99.add(p99 / 1e3)

    def cells(self):
        return [self.name, self.rate.text(), self.p50.text(2), self.p99.text(2)]


def output(core, *command):
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=bound_to(core),
    )
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    return done.stdout


class Authority:
    def __init__(self, place):
        self.server = started_kronborg(place)
        self.keys = place.folder / "keys"
        must_refuse(self.server, "/gate/verify", self.server.mint(), 204)

    def mint(self, count):
        arguments = ["mint", self.server.socket, CLIENTS, count, self.keys]
        made = json.loads(output(CLIENT_CORE, program("api_load"), *arguments))
        wait_until_idle(self.server.processes)
        return made["minted"] / made["seconds"]

    def revoke(self, verifiers):
        arguments = ["revoke", self.server.socket, CLIENTS, self.server.port, verifiers, self.keys]
        done = json.loads(output(CLIENT_CORE, program("api_load"), *arguments))
        wait_until_idle(self.server.processes)
        if done["accepted_after_acknowledgement"]:
            late = done["accepted_after_acknowledgement"]
            raise Refused(f"{late} requests succeeded after the revocation was acknowledged")
        if verifiers and not done["accepted"]:
            raise Refused("the keys were never accepted: their revocation shows nothing")
        return done


def run(place, options, report):
    count = 500 if options.quick else 5000
    authority = Authority(place)
    alone, loaded = Row("kronborg, 64 clients"), Row("kronborg, and 64 that verify")
    plain = Row("SQLite, one commit each")
    minted, checks = Series(), Series()
    for _ in range(options.repeats):
        for row, verifiers in ((alone, 0), (loaded, 64)):
            minted.add(authority.mint(count))
            done = authority.revoke(verifiers)
            row.add(done["revoked"], done["seconds"], done["p50_us"], done["p99_us"])
            if verifiers:
                checks.add(done["accepted"] + done["denied"])
        commits = output(SERVER_CORE, program("sqlite_revokes"), place.folder / "plain.db", count)
        plain.add(count, *(float(word) for word in commits.split()))
    rows = [alone, loaded, plain]
    report.table(
        ["", "acknowledged/s", "p50 ms", "p99 ms"],
        [row.cells() for row in rows],
    )
    for row in rows:
        report.figure(row.name, "acknowledged revocations", row.rate, "1/s")
        report.figure(row.name, "p99", row.p99, "ms")
    report.figure("kronborg", "keys minted", minted, "1/s")
    report.say(f"minted durably: {minted.text()} keys/s")
    report.say(f"verified meanwhile: {sum(checks.values):,.0f}; accepted after acknowledgement: 0")
    report.line(subject="kronborg", figure="accepted after acknowledgement", value=0)
    for row in (alone, loaded):
        report.ratio(row.name, plain.name, "acknowledged/s", row.rate, plain.rate)

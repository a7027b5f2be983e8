"""Keys that are on the disk before they are shown."""

import json

from benches.revoke_durable import output
from lib.place import CLIENT_CORE, SERVER_CORE, wait_until_idle
from lib.servers import must_refuse, program, started_kronborg
from lib.stats import Series

SUMMARY = "mint access keys, 1 and 64 clients, beside one SQLite commit per row"
CLIENTS = (1, 64)


def run(place, options, report):
    count = 200 if options.quick else 2000
    server = started_kronborg(place)
    must_refuse(server, "/gate/verify", server.mint(), 204)
    rates = {clients: Series() for clients in CLIENTS}
    plain = Series()
    for _ in range(options.repeats):
        for clients, rate in rates.items():
            command = [program("api_load"), "mint", server.socket, clients, count]
            made = json.loads(output(CLIENT_CORE, *command, place.folder / "keys"))
            wait_until_idle(server.processes)
            rate.add(made["minted"] / made["seconds"])
        commits = output(SERVER_CORE, program("sqlite_revokes"), place.folder / "plain.db", count)
        plain.add(count / float(commits.split()[0]))
    rows = [(f"kronborg, {clients} clients", rate) for clients, rate in rates.items()]
    rows.append(("SQLite, one commit each", plain))
    report.table(["", "durable/s"], [[name, rate.text()] for name, rate in rows])
    for name, rate in rows:
        report.figure(name, "durable", rate, "1/s")
    for name, rate in rows[:-1]:
        report.ratio(name, "SQLite, one commit each", "durable/s", rate, plain)

"""Messages that are on the disk before they are acknowledged."""

import json

from benches.revoke_durable import Row, output
from lib.place import CLIENT_CORE, SERVER_CORE, wait_until_idle
from lib.servers import program
from lib.spaces import kronborg_with_spaces, write

SUMMARY = "64 clients send messages, in one space and in 64, beside one SQLite commit per row"
CLIENTS = 64


def run(place, options, report):
    count = 500 if options.quick else 10_000
    # The first 64 spaces have one writer each; of the last one all keys write.
    server, keys = kronborg_with_spaces(place, CLIENTS + 1, CLIENTS)
    one = write(place.folder / "one", keys[-CLIENTS:])
    many = write(place.folder / "many", keys[: CLIENTS * CLIENTS : CLIENTS])
    together, apart = Row("kronborg, one space"), Row("kronborg, 64 spaces")
    plain = Row("SQLite, one commit each")
    for _ in range(options.repeats):
        for row, file in ((together, one), (apart, many)):
            arguments = ["messages", server.port, file, count]
            done = json.loads(output(CLIENT_CORE, program("space_load"), *arguments))
            wait_until_idle(server.processes)
            row.add(done["sent"], done["seconds"], done["p50_us"], done["p99_us"])
        commits = output(SERVER_CORE, program("sqlite_revokes"), place.folder / "plain.db", count)
        plain.add(count, *(float(word) for word in commits.split()))
    rows = [together, apart, plain]
    report.table(["", "acknowledged/s", "p50 ms", "p99 ms"], [row.cells() for row in rows])
    for row in rows:
        report.figure(row.name, "acknowledged messages", row.rate, "1/s")
        report.figure(row.name, "p99", row.p99, "ms")
    for row in (together, apart):
        report.ratio(row.name, plain.name, "acknowledged/s", row.rate, plain.rate, 0.7)

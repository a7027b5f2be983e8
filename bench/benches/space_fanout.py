"""What the readers of one space get, how late, and what they cost while nothing happens."""

import json
import subprocess
import time

from benches.footprint import pss_megabytes
from benches.revoke_durable import output
from lib.place import CLIENT_CORE, SERVER_CORE, Refused, bound_to, wait_until_idle
from lib.servers import program
from lib.spaces import kronborg_with_spaces, write
from lib.stats import Series

SUMMARY = "1,000 stream readers of one space, 100 messages a second; memory of idle readers"
KEYS = 51
SETTLING_S = 6  # free memory is given back every 5 s
EVENT_BYTES = 480  # of one message in a stream, as the bench sends them


def started(place, name):
    server, keys = kronborg_with_spaces(place, 1, KEYS)
    return server, write(place.folder / name, keys)


def idle_kilobytes(place, readers):
    """PSS of the server, for one reader more."""
    server, file = started(place, "idle")
    process = server.processes[0]
    time.sleep(SETTLING_S)  # what a server makes once, such as its documents, is no reader's
    wait_until_idle([process])
    before = pss_megabytes(process.pid)
    command = [program("fanout_client"), server.port, file, readers, 0, 0]
    client = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=bound_to(CLIENT_CORE),
    )
    try:
        if client.stdout.readline() != "ready\n":
            raise Refused("not every stream began")
        wait_until_idle([process])
        time.sleep(SETTLING_S)
        return (pss_megabytes(process.pid) - before) * 1024 / readers
    finally:
        client.communicate()
        server.stop()


def bare_sends(readers, messages, rate):
    """The same deliveries without a server: what the kernel takes for them on these cores."""
    arguments = [readers, messages, rate, EVENT_BYTES, SERVER_CORE, CLIENT_CORE]
    return json.loads(output(CLIENT_CORE, program("loopback_sends"), *arguments))


def run(place, options, report):
    readers, rate = (100, 100) if options.quick else (1000, 100)
    messages = rate * (2 if options.quick else 10)
    p50, p99, cut, cpu = Series(), Series(), Series(), Series()
    bare_p50, bare_p99, bare_cpu = Series(), Series(), Series()
    for _ in range(options.repeats):
        server, file = started(place, "keys")
        before = server.cpu_seconds()
        arguments = [server.port, file, readers, messages, rate]
        text = output(CLIENT_CORE, program("fanout_client"), *arguments)
        done = json.loads(text.splitlines()[-1])
        if done["received"] != readers * messages:
            raise Refused(f"{done['received']} of {readers * messages} were received")
        p50.add(done["p50_ms"])
        p99.add(done["p99_ms"])
        cut.add(done["cut_ms"])
        cpu.add((server.cpu_seconds() - before) / done["received"] * 1e6)
        server.stop()
        place.remove(server.folder)
        bare = bare_sends(readers, messages, rate)
        bare_p50.add(bare["p50_ms"])
        bare_p99.add(bare["p99_ms"])
        bare_cpu.add(bare["cpu_us"])
    report.say(f"{readers:,} readers got {messages:,} messages each, in order, none missing")
    report.say(f"latency: p50 {p50.text(2)} ms, p99 {p99.text(2)} ms")
    report.say(f"server: {cpu.text(2)} µs of CPU for each message and reader")
    report.say(
        f"bare sends: p50 {bare_p50.text(2)} ms, p99 {bare_p99.text(2)} ms, "
        f"{bare_cpu.text(2)} µs of CPU for each"
    )
    report.ratio("kronborg", "bare sends", "CPU of a delivery", cpu, bare_cpu)
    report.ratio("kronborg", "bare sends", "p50", p50, bare_p50)
    report.limit("kronborg", "p50 from sending to reading", p50, "ms", 2)
    report.limit("kronborg", "p99 from sending to reading", p99, "ms", 15)
    report.limit("kronborg", "streams of a revoked key ended after", cut, "ms", 1000)
    for figure, series in (("p50", p50), ("p99", p99), ("cut", cut)):
        report.figure("kronborg", figure, series, "ms")
    for idle in (readers, 5 * readers):
        memory = Series([idle_kilobytes(place, idle)])
        place.remove(server.folder)
        report.limit(f"{idle:,} readers", f"PSS of one of {idle:,} idle readers", memory, "KB", 6)

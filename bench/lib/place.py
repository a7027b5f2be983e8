"""A temporary folder, and the processes that were started in it: both are gone at the end."""

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SERVER_CORE, CLIENT_CORE = 0, 1


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def bound_to(core):
    """For Popen: the child runs on that core, and does not outlive the bench."""

    def prepare():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        os.sched_setaffinity(0, {core})

    return prepare


class Refused(Exception):
    """What would be measured is not what the figure claims; there is no figure."""


class Process:
    def __init__(self, name, process):
        self.name = name
        self.process = process
        self.pid = process.pid

    def cpu_seconds(self):
        """User and system time of all its threads (proc(5), fields 14 and 15 of stat)."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def children(self):
        pids = []
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            pids += [int(pid) for pid in (task / "children").read_text().split()]
        return pids

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Place:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kronborg-bench-"))
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sub(self, name):
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def spawn(self, name, command, core=SERVER_CORE, env=None, stdout=subprocess.DEVNULL):
        """Its standard error goes to a file named after it."""
        with open(self.folder / f"{name}.log", "ab") as log:
            started = subprocess.Popen(
                command,
                env=env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=log,
                text=True,
                preexec_fn=bound_to(core),
            )
        process = Process(name, started)
        self.processes.append(process)
        return process

    def log_of(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]

    def stop(self, process):
        process.stop()
        self.processes.remove(process)

    def remove(self, folder):
        shutil.rmtree(folder, ignore_errors=True)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for_port(place, process, port):
    for _ in range(500):
        if process.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Refused(f"{process.name} does not listen: {place.log_of(process.name)}")


def wait_until_idle(processes):
    """Work that a round left behind must not run during the next one."""
    for _ in range(100):
        before = [p.cpu_seconds() for p in processes]
        time.sleep(0.3)
        if all(p.cpu_seconds() - b <= 0.01 for p, b in zip(processes, before)):
            return
    raise Refused("a server does not come to rest")

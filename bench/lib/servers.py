"""kronborg and its peers, each as it is set up for speed: one worker, kept connections, no log."""

import http.client
import json
import os
import pathlib
import subprocess

from lib.place import SERVER_CORE, Refused, free_port, wait_for_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
KRONBORG = BUILD / "kronborg"

NGINX = """{modules}daemon off; master_process off; worker_processes 1;
pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {http}
}}
"""

HAPROXY = """global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout connect 5s
  timeout server 60s
frontend gate
  bind 127.0.0.1:{port}
  http-request deny deny_status 401 unless {{ http_auth_bearer,jwt_verify({verify}) -m int 1 }}
  http-request return status 200
"""

KRONBORG_CONFIG = """[http]
listen = ["127.0.0.1:{port}"]
threads = 1
[keystore]
kind = "file"
[log]
access = false
level = "warn"
"""


class Web:
    """Something that listens, and the processes that work while it answers."""

    def __init__(self, port, processes):
        self.port = port
        self.processes = processes

    def cpu_seconds(self):
        return sum(process.cpu_seconds() for process in self.processes)

    def status(self, path, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            fields = {} if token is None else {"Authorization": f"Bearer {token}"}
            connection.request("GET", path, headers=fields)
            return connection.getresponse().status
        finally:
            connection.close()


def nginx(place, name, http_block, modules=""):
    """`http_block` may hold {port}, the port of the server that is returned."""
    folder, port = place.sub(name), free_port()
    config = folder / "nginx.conf"
    http = http_block.replace("{port}", str(port))
    config.write_text(NGINX.format(folder=folder, http=http, modules=modules))
    command = ["nginx", "-c", config, "-e", folder / "error.log"]
    process = place.spawn(name, command)
    wait_for_port(place, process, port)
    return Web(port, [process])


def nginx_answering(place, name, answer):
    """An nginx that does `answer`, for example `return 200;`, at every path."""
    return nginx(place, name, f"server {{ listen 127.0.0.1:{{port}}; location / {{ {answer} }} }}")


def haproxy(place, name, verify):
    """Answers 200 to a bearer token that jwt_verify(`verify`) accepts, 401 to any other."""
    folder, port = place.sub(name), free_port()
    config = folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(port=port, verify=verify))
    process = place.spawn(name, ["haproxy", "-db", "-f", config])
    wait_for_port(place, process, port)
    return Web(port, [process])


class Kronborg(Web):
    """A server in a data folder of its own. Without `start` only the command line."""

    def __init__(self, place, name="kronborg"):
        self.place, self.name = place, name
        self.folder = place.sub(name)
        port = free_port()
        super().__init__(port, [])
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "KRONBORG_HOME": str(self.folder / "data"),
            "KRONBORG_CONFIG": str(self.folder / "config.toml"),
        }
        (self.folder / "config.toml").write_text(KRONBORG_CONFIG.format(port=port))

    @property
    def socket(self):
        return self.folder / "data/kronborg.sock"

    def cli(self, *arguments):
        """A command that must succeed; its JSON value."""
        done = subprocess.run(
            [KRONBORG, "--json", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Refused(f"kronborg {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def start(self, *options, core=SERVER_CORE):
        process = self.place.spawn(
            self.name,
            [KRONBORG, "serve", "--json", *options],
            core=core,
            env=self.environment,
            stdout=subprocess.PIPE,
        )
        if not process.process.stdout.readline():
            raise Refused(f"kronborg serve: {self.place.log_of(self.name)}")
        self.processes.append(process)
        return self

    def stop(self):
        for process in self.processes:
            self.place.stop(process)
        self.processes = []

    def mint(self):
        return self.cli("key", "create", "--label", "bench", "--expires", "30d")["key"]


def started_kronborg(place, *options):
    """A server with an identity."""
    server = Kronborg(place)
    server.cli("init")
    return server.start(*options)


def program(name):
    path = BUILD / "bench" / f"bench_{name}"
    if not path.exists():
        raise Refused(f"{path.relative_to(ROOT)} is not built: run ./dev bench")
    return path


def spoiled(token):
    """The token with one other character in the middle of its signature."""
    at = len(token) - 40
    return token[:at] + ("0" if token[at] != "0" else "1") + token[at + 1 :]


def must_refuse(server, path, token, accepted):
    """A server that does not look at the token would win every comparison."""
    for given, wanted in ((token, accepted), (spoiled(token), 401)):
        got = server.status(path, given)
        if got != wanted:
            what = "a good token" if given == token else "a spoiled token"
            name = server.processes[0].name
            raise Refused(f"{name} answers {got} to {what}, not {wanted}")

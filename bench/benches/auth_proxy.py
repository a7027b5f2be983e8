"""Verification and forwarding in one."""

from lib.load import Contender, compare
from lib.place import Refused
from lib.servers import Web, must_refuse, nginx, nginx_answering, started_kronborg

SUMMARY = "reverse proxy with verification, beside nginx proxy_pass with and without auth_request"

FRONT = """
upstream behind {{ server 127.0.0.1:{upstream}; keepalive 128; }}
upstream judge {{ server 127.0.0.1:{judge}; keepalive 128; }}
proxy_http_version 1.1; proxy_set_header Connection "";
server {{
  listen 127.0.0.1:{{port}};
  location /plain {{ proxy_pass http://behind; }}
  location /asked {{ auth_request /ask; proxy_pass http://behind; }}
  location /denied {{ auth_request /deny; proxy_pass http://behind; }}
  location = /ask {{
    internal; proxy_pass http://judge/yes;
    proxy_pass_request_body off; proxy_set_header Content-Length "";
    proxy_http_version 1.1; proxy_set_header Connection "";
  }}
  location = /deny {{
    internal; proxy_pass http://judge/no;
    proxy_pass_request_body off; proxy_set_header Content-Length "";
    proxy_http_version 1.1; proxy_set_header Connection "";
  }}
}}
"""


def run(place, options, report):
    upstream = nginx_answering(place, "upstream", "return 200;")
    judge = nginx(
        place,
        "judge",
        "server { listen 127.0.0.1:{port};"
        " location = /yes { return 204; } location = /no { return 401; } }",
    )
    front = nginx(place, "front", FRONT.format(upstream=upstream.port, judge=judge.port))
    ours = started_kronborg(place, "--upstream", f"http://127.0.0.1:{upstream.port}")
    key = ours.mint()
    must_refuse(ours, "/asked", key, 200)
    if [front.status(path, key) for path in ("/plain", "/asked", "/denied")] != [200, 200, 401]:
        raise Refused("nginx does not ask before it forwards")

    # Everything that works for a request counts, the upstream too.
    both = Web(ours.port, ours.processes + upstream.processes)
    asking = Web(front.port, front.processes + judge.processes + upstream.processes)
    plain = Web(front.port, front.processes + upstream.processes)
    direct = Contender("upstream alone", upstream, "/plain", token=key)
    contenders = [
        Contender("kronborg", both, "/asked", token=key),
        Contender("nginx + auth_request", asking, "/asked", token=key),
        Contender("nginx, no auth", plain, "/plain", token=key),
        direct,
    ]
    compare(contenders, options)
    report.rates(contenders)
    report.against(contenders[0], contenders[1], floor=1.3)
    report.against(contenders[0], contenders[2])
    base = direct.series("cpu_micros").median
    for one in contenders[:3]:
        report.say(f"{one.name} adds {one.series('cpu_micros').median - base:.1f} CPU µs")

"""The same key on every request."""

from lib import tokens
from lib.load import Contender, compare
from lib.servers import haproxy, must_refuse, nginx_answering, started_kronborg

SUMMARY = "GET /gate/verify with one key, beside nginx return 200 and haproxy jwt_verify HS256"
SECRET = "0123456789abcdef0123456789abcdef"


def run(place, options, report):
    ours = started_kronborg(place)
    key = ours.mint()
    must_refuse(ours, "/gate/verify", key, 204)
    fixed = nginx_answering(place, "nginx", "return 200;")
    shared = haproxy(place, "haproxy", f'"HS256","{SECRET}"')
    token = tokens.hs256(SECRET)
    must_refuse(shared, "/", token, 200)
    contenders = [
        Contender("kronborg", ours, "/gate/verify", token=key),
        Contender("nginx return 200", fixed, "/gate/verify", token=key),
        Contender("haproxy HS256", shared, "/gate/verify", token=token),
    ]
    compare(contenders, options)
    report.say(f"Authorization: {len(key) + 7} bytes (haproxy: {len(token) + 7})")
    report.rates(contenders)
    report.against(contenders[0], contenders[1], floor=0.8)
    report.against(contenders[0], contenders[2])

"""Another key on every request."""

import subprocess

from lib import tokens
from lib.load import Contender, compare
from lib.servers import haproxy, must_refuse, program, started_kronborg

SUMMARY = "GET /gate/verify with 100,000 keys in turn, beside haproxy jwt_verify ES256 and HS256"
KEYS, ISSUERS = 100_000, 16
# haproxy remembers no verdict: more of them, which openssl takes minutes to sign, cost it the same.
ES256_TOKENS = 1_000
SECRET = "0123456789abcdef0123456789abcdef"


def foreign_keys(place, server):
    """Keys of issuers that the server is told to trust; the file."""
    file = place.folder / "keys"
    audience = server.cli("status")["identity"]["masterAddress"]
    command = [program("make_keys"), audience, str(ISSUERS), str(KEYS), file]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    for issuer in made.stdout.split():
        server.cli("whitelist", "add", issuer)
    return file


def run(place, options, report):
    ours = started_kronborg(place)
    keys = foreign_keys(place, ours)
    with open(keys, encoding="ascii") as lines:
        key = next(lines).strip()
    must_refuse(ours, "/gate/verify", key, 204)

    pair = tokens.P256(place.folder)
    signed, shared = place.folder / "es256", place.folder / "hs256"
    es256 = tokens.write(signed, [pair.token() for _ in range(ES256_TOKENS)])
    hs256 = tokens.write(shared, [tokens.hs256(SECRET) for _ in range(KEYS)])
    by_curve = haproxy(place, "haproxy-es256", f'"ES256","{pair.public}"')
    by_secret = haproxy(place, "haproxy-hs256", f'"HS256","{SECRET}"')
    must_refuse(by_curve, "/", es256, 200)
    must_refuse(by_secret, "/", hs256, 200)

    contenders = [
        Contender("kronborg", ours, "/gate/verify", tokens=keys),
        Contender("haproxy ES256", by_curve, "/gate/verify", tokens=signed),
        Contender("haproxy HS256", by_secret, "/gate/verify", tokens=shared),
    ]
    compare(contenders, options)
    report.say(f"Authorization: {len(key) + 7} bytes (haproxy: {len(es256) + 7}, {len(hs256) + 7})")
    report.rates(contenders)
    report.against(contenders[0], contenders[1], floor=1.3)
    report.against(contenders[0], contenders[2])

#include "app/config_keys.h"

#include <array>

namespace kronborg::app {
namespace {

using enum ValueType;

constexpr std::array keys{
    ConfigKey{"http", "profile", text, "loopback", "loopback, lan or public"},
    ConfigKey{"http", "listen", texts, "127.0.0.1:1337", "addresses and ports"},
    ConfigKey{"http", "public_origin", text, "",
              "the origin that clients use; empty on loopback: http://localhost and the port"},
    ConfigKey{"http", "allowed_hosts", texts, "", "further host names the server answers to"},
    ConfigKey{"http", "allowed_origins", texts, "",
              "origins of browser pages that may call the gate"},
    ConfigKey{"http", "trusted_proxies", texts, "", "addresses whose X-Forwarded-For is believed"},
    ConfigKey{"http", "allow_plain_lan", flag, "false", "profile lan without TLS"},
    ConfigKey{"http", "admin_listen", text, "",
              "second listener, for /metrics without a credential"},
    ConfigKey{"http", "threads", number, "0", "event loops; 0: one per core"},
    ConfigKey{"tls", "certificate", text, "", "PEM file with the chain; read anew on SIGHUP"},
    ConfigKey{"tls", "key", text, "", "PEM file with the private key"},
    ConfigKey{"store", "url", text, "", "empty: SQLite in the data folder; or postgresql://…",
              true},
    ConfigKey{"keystore", "kind", text, "passphrase",
              "passphrase, or file (protected by file permissions only)"},
    ConfigKey{"gate", "trust_loopback", flag, "false", "let local programs through without a key"},
    ConfigKey{"gate", "body_limit_bytes", number, "33554432",
              "largest request body that is forwarded"},
    ConfigKey{"gate", "timeout_s", number, "600", "seconds until an upstream must begin to answer"},
    ConfigKey{"limits", "source", rate, "1200,60",
              "[requests, seconds] of one source address, to everything but the gate and health"},
    ConfigKey{"limits", "discovery", rate, "300,60",
              "[requests, seconds] of one source address, to discovery documents"},
    ConfigKey{"log", "format", text, "auto", "text, json or auto: text on a terminal, else json"},
    ConfigKey{"log", "access", flag, "true", "one line per request, without path and credential"},
    ConfigKey{"log", "level", text, "info", "debug, info, warn or error"},
};

constexpr std::array upstream{
    ConfigKey{"gate.upstream", "path", text, "",
              "path prefix; the longest that fits wins, empty fits all"},
    ConfigKey{"gate.upstream", "url", text, "", "http://, https:// or unix:/path of the upstream"},
    ConfigKey{"gate.upstream", "authorization", text, "", "Authorization that the upstream gets",
              true},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return keys; }
std::span<const ConfigKey> upstream_keys() { return upstream; }

}  // namespace kronborg::app

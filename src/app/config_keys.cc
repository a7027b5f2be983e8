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
              "passphrase, tpm2, secret-service, or file (protected by file permissions only)"},
    ConfigKey{"keystore", "tpm", text, "/dev/tpmrm0",
              "the TPM 2.0 of keystore kind tpm2 and of the device key: its device, or the socket "
              "of one in "
              "software"},
    ConfigKey{"gate", "trust_loopback", flag, "false", "let local programs through without a key"},
    ConfigKey{"gate", "body_limit_bytes", number, "33554432",
              "largest request body that is forwarded"},
    ConfigKey{"gate", "timeout_s", number, "600", "seconds until an upstream must begin to answer"},
    ConfigKey{"devices", "allow_unattested", flag, "false",
              "devices without a key may be registered, and prove nothing of themselves"},
    ConfigKey{"devices", "apple_app_ids", texts, "",
              "apps whose App Attest keys are accepted, each TEAMID.bundle"},
    ConfigKey{"devices", "apple_environments", texts, "production",
              "production, development or both"},
    ConfigKey{"devices", "tpm_ek_roots", texts, "",
              "PEM files with the certificates of TPM makers; empty: makers are not checked"},
    ConfigKey{"spaces", "enabled", flag, "true", "agents may meet in spaces"},
    ConfigKey{"spaces", "service_name", text, "kronborg spaces", "name in documents and cards"},
    ConfigKey{"spaces", "anonymous_create", flag, "true",
              "spaces can be created without an identity token"},
    ConfigKey{"spaces", "anonymous_mint_per_hour", number, "600",
              "spaces created without an identity token, in all and in an hour"},
    ConfigKey{"spaces", "max_open", number, "100000", "open spaces at most"},
    ConfigKey{"spaces", "streams_per_key", number, "4", "open streams of one key"},
    ConfigKey{"spaces", "streams_per_source", number, "32", "open streams of one source address"},
    ConfigKey{"spaces", "streams_per_space", number, "800", "open streams in one space"},
    ConfigKey{"spaces", "streams", number, "10000", "open streams in all"},
    ConfigKey{"limits", "source", rate, "1200,60",
              "[requests, seconds] of one source address, to everything but the gate and health"},
    ConfigKey{
        "limits", "discovery", rate, "300,60",
        "[requests, seconds] of one source address, to documents, cards, the directory and pages"},
    ConfigKey{"limits", "space-create", rate, "30,3600",
              "[requests, seconds] of one source address, that create a space"},
    ConfigKey{"limits", "join", rate, "60,60",
              "[requests, seconds] joins of one source address, and of one invitation"},
    ConfigKey{"limits", "join-poll", rate, "60,60", "[requests, seconds] polls of one join"},
    ConfigKey{"limits", "messages", rate, "120,60", "[requests, seconds] messages of one key"},
    ConfigKey{"limits", "space-messages", rate, "600,60",
              "[requests, seconds] messages in one space"},
    ConfigKey{"limits", "writes", rate, "120,60", "[requests, seconds] other writes of one key"},
    ConfigKey{"limits", "reads", rate, "600,60", "[requests, seconds] reads of one key"},
    ConfigKey{"limits", "export", rate, "6,3600", "[requests, seconds] exports of one space"},
    ConfigKey{"limits", "identity", rate, "30,60",
              "[requests, seconds] challenges and proofs of one key, and of one source address"},
    ConfigKey{"limits", "bad-credential", rate, "120,600",
              "[requests, seconds] of one source address, that end in 401"},
    ConfigKey{"limits", "link-start", rate, "20,3600",
              "[requests, seconds] of one source address, to the registration address"},
    ConfigKey{"limits", "revoke", rate, "60,60",
              "[requests, seconds] of one source address, to /oauth/revoke"},
    ConfigKey{"limits", "mcp", rate, "600,60",
              "[requests, seconds] of one source address, MCP requests that call no keyed tool"},
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

#include "api/auth_guide.h"

namespace kronborg::api {
namespace {

constexpr std::string_view guide = R"(# auth.md

You are an agent or a tool. This page says how to get the one credential of this service, an access key, how to
send it, and what ends it.
Service: {name}, {origin}

## Step 1 - Discover

A 401 answer has `WWW-Authenticate: Bearer resource_metadata="{origin}/.well-known/oauth-protected-resource"`.
That document names this page. There is no authorization server: nothing to register with, no browser sign-in.

## Step 2 - Pick a method

There is one: an **access key** that the owner of this host makes for you. Anonymous access, OAuth and email
assertions are not offered.

## Step 3 - Register

Ask the owner for a key. On the host it is made with

    kronborg key create --label "<what it is for>" --expires 90d

and, for one agent only, with `--agent <name>`. It is shown once and looks like `osk-v1.<payload>.<signature>`.

## Step 4 - Claim ceremony

There is none: the owner hands you the key.

## Step 5 - Exchange

None is needed. The key is the credential.

## Step 6 - Use

Send it with every request, in this field and nowhere else; never in a URL or a cookie:

    Authorization: Bearer osk-v1.<payload>.<signature>

For example `curl -H "Authorization: Bearer $KEY" {origin}/v1/models`, or as the API key of an OpenAI-style
client whose base URL is `{origin}/v1`.

A key of scope *master* reaches every agent and upstream of this host. A key of one agent reaches that agent alone.
`{origin}/agents/<name>/...` names an agent in the path.

## Errors

| Code | Where | What to do |
| --- | --- | --- |
| `credential_missing`, `no_keys_configured` | 401 | you sent no key: get one (step 3) |
| `token_format`, `payload_encoding`, `signature_encoding`, `payload_malformed`, `signature_invalid` | 401 | the key was cut or changed while copying: copy it again |
| `issuer_mismatch`, `issuer_not_whitelisted`, `issuer_not_allowed`, `audience_mismatch` | 401 | the key is not for this host or agent: ask its owner |
| `key_revoked`, `key_expired` | 401 | stop; ask the owner for a new key |
| `agent_scope_denied` | 403 | your key is for another agent |
| `owner_required` | 403 | the management API is for the owner, on the host |
| `no_upstream` | 404 | nothing is served under that path |
| `upstream_unreachable`, `upstream_invalid`, `upstream_busy`, `upstream_timeout` | 502, 503, 504 | the service behind the gate has a problem; try later |

After 401 on a key that worked before: drop it. Do not retry it.

## Revocation

| Credential | What ends it |
| --- | --- |
| access key | its expiry; the owner revokes it; its agent is rotated or deleted; its issuer loses its place on the whitelist |

Each takes effect with the next request; running streams are cut within a second of a revocation.
)";

}  // namespace

std::string auth_guide(const Settings& settings) {
  std::string text(guide);
  const auto fill = [&](std::string_view mark, std::string_view value) {
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  };
  fill("{name}", settings.resource_name);
  fill("{origin}", settings.origin);
  return text;
}

}  // namespace kronborg::api

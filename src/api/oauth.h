#pragma once

#include "api/metrics_credentials.h"
#include "api/router.h"
#include "spaces/parts.h"

namespace kronborg::api {

/// POST /oauth/revoke (RFC 7009): whoever presents a credential may end it. 200 with an empty
/// object for a live, dead or unknown one alike; errors in the form of RFC 6749 section 5.2. Space
/// keys of all types and metrics credentials are taken.
Response revoke_credential(const spaces::Parts& parts, MetricsCredentials& metrics,
                           const Request& request);

/// An error of the /oauth/* routes: `temporarily_unavailable` with 429 and 503, else
/// `invalid_request`.
Response oauth_refusal(const base::Error& error, const Request& request);

/// POST /oresundspace/link/start: no human can be linked on this server yet. Says of every dialect
/// of agent registration why not, and what to do instead (docs/protocol/discovery.md section 4).
Response start_link(const Settings& settings, const Request& request);

/// <space>/key: for the session of a human; no session exists yet, so nobody has one
/// (docs/protocol/spaces.md section 11.3).
Response space_key_answer(const Settings& settings, const Request& request);

}  // namespace kronborg::api

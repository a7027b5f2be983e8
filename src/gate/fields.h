#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gate/settings.h"
#include "http/client_url.h"
#include "http/exchange.h"
#include "http/parse.h"

namespace kronborg::gate {

/// One request as it is sent on.
struct Onward {
  const http::UpstreamUrl& to;
  std::string_view path;           ///< as received, at least `/`; goes behind the base path of `to`
  std::string_view authorization;  ///< for the upstream; may be empty
  std::string_view identity_fields;  ///< authority::Caller::identity_fields(); may be empty
  bool websocket = false;
};

/// Writes the whole head anew: nothing of the client's bytes is copied but method, target and field
/// values that were parsed. Taken away first (docs/protocol/cli.md, "How the gate picks agent and
/// upstream"): hop-by-hop fields, credentials, everything that only the gate may say, also spelt
/// with `_`. Then the gate's own are added. `Host` is the upstream's own name.
void append_onward_head(std::string& out, const Settings& settings, const http::Exchange& exchange,
                        const Onward& onward);

/// The fields of an upstream's answer that go on to the client: not those of the connection, nor
/// those that the gate decides (X-Request-Id, CORS).
void copy_answer_fields(const http::ResponseHead& head, std::vector<http::Field>& out);

/// The gate makes a tunnel for WebSocket alone; other upgrades (h2c) would carry requests past it.
bool asks_for_websocket(const http::RequestHead& request);

}  // namespace kronborg::gate

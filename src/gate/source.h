#pragma once

#include <string>
#include <string_view>

#include "gate/settings.h"
#include "http/exchange.h"

namespace kronborg::gate {

/// The peer is one of `http.trusted_proxies`.
bool is_behind_proxy(const Settings& settings, const http::Peer& peer);

/// docs/protocol/http.md section 1.1, "source address"; a view of the request or its peer.
std::string_view source_address(const Settings& settings, const http::Exchange& exchange);

/// All conditions of docs/protocol/identity.md section 9, "Loopback".
bool is_from_trusted_loopback(const Settings& settings, const http::Exchange& exchange);
/// The same, and the request carries no credential: it may pass without one.
bool is_trusted_loopback(const Settings& settings, const http::Exchange& exchange);

/// Nobody between the client and this host, or the trusted proxy before it, can read the request:
/// it came over TLS or inside a Secure Channel.
bool is_encrypted(const Settings& settings, const http::Exchange& exchange);

/// `X-Forwarded-For`, `-Proto` and `-Host`, each with its CRLF. What a trusted proxy says is gone
/// on from; what anybody else says is replaced.
void append_forwarded_fields(std::string& out, const Settings& settings,
                             const http::Exchange& exchange);

}  // namespace kronborg::gate

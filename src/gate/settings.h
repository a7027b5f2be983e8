#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "http/client_url.h"

namespace kronborg::gate {

/// One `[[gate.upstream]]` of the configuration (docs/protocol/cli.md, "Configuration file").
struct UpstreamRule {
  std::string path;                ///< prefix on a segment boundary; "" matches all
  std::string url;                 ///< see http::UpstreamUrl
  base::SecretText authorization;  ///< value of `Authorization` for the upstream; empty: none is
                                   ///< sent
  http::UpstreamUrl target;        ///< `url` as read by prepare()
};

/// What the gate is told by the configuration; the same for all event loops.
struct Settings {
  std::vector<UpstreamRule> upstreams;
  bool trust_loopback = false;           ///< docs/protocol/identity.md section 9, "Loopback"
  bool loopback_only_listeners = false;  ///< every listener is bound to a loopback address
  std::uint64_t body_limit_bytes = 33'554'432;
  std::chrono::seconds connect_timeout{5};
  std::chrono::seconds answer_timeout{600};     ///< until the first byte of the answer
  std::chrono::seconds idle_timeout{600};       ///< between two bytes of an answer
  std::string origin;                           ///< `<origin>` of docs/protocol/http.md section 1.1
  std::vector<std::string> allowed_origins;     ///< further ones, or "*"
  std::vector<std::string> trusted_proxies;     ///< IP addresses whose X-Forwarded-* are believed
  std::size_t max_upstream_connections = 1024;  ///< per event loop and upstream; beyond:
                                                ///< upstream_busy

  std::vector<boost::asio::ip::address> proxies;  ///< `trusted_proxies` as read by prepare()
};

/// Reads what is text and checks the whole. Error: config_invalid, which names what is wrong.
base::Result<std::shared_ptr<const Settings>> prepare(Settings settings);

}  // namespace kronborg::gate

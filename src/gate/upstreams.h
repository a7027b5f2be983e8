#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "authority/policy.h"
#include "base/result.h"
#include "gate/settings.h"
#include "http/client.h"

namespace kronborg::gate {

/// An upstream that was picked. The pool may outlive its place in the configuration while a request
/// uses it.
struct PickedUpstream {
  std::shared_ptr<http::UpstreamPool> pool;
  std::string_view authorization;
};

/// The upstreams of one event loop, with their connections.
class Upstreams {
 public:
  Upstreams(boost::asio::io_context& loop, const Settings& settings);

  /// The rule with the longest prefix of the decoded path. Error: no_upstream.
  [[nodiscard]] base::Result<PickedUpstream> matching(std::string_view path) const;
  /// An agent's own. Error: upstream_unreachable when its URL cannot be read.
  base::Result<PickedUpstream> at(const std::string& url);

  void tick(std::chrono::steady_clock::time_point now);
  /// Forgets the agents' own upstreams that no agent has any more.
  void keep_only_of(const authority::Policy& policy);

 private:
  boost::asio::io_context& loop_;
  const Settings& settings_;
  std::shared_ptr<std::vector<char>> read_room_;
  std::vector<std::shared_ptr<http::UpstreamPool>> of_rules_;  // as settings_.upstreams
  boost::unordered_flat_map<std::string, std::shared_ptr<http::UpstreamPool>> of_agents_;
};

}  // namespace kronborg::gate

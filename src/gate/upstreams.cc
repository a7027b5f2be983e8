#include "gate/upstreams.h"

#include <utility>

#include "gate/paths.h"

namespace kronborg::gate {

namespace {

std::shared_ptr<http::UpstreamPool> make_pool(boost::asio::io_context& loop,
                                              const Settings& settings, http::UpstreamUrl url,
                                              const std::shared_ptr<std::vector<char>>& room) {
  return std::make_shared<http::UpstreamPool>(loop, std::move(url), settings.connect_timeout,
                                              settings.max_upstream_connections, room);
}

}  // namespace

Upstreams::Upstreams(boost::asio::io_context& loop, const Settings& settings)
    : loop_(loop),
      settings_(settings),
      read_room_(std::make_shared<std::vector<char>>(http::upstream_read_bytes)) {
  for (const UpstreamRule& rule : settings.upstreams) {
    of_rules_.push_back(make_pool(loop, settings, rule.target, read_room_));
  }
}

base::Result<PickedUpstream> Upstreams::matching(std::string_view path) const {
  for (std::size_t i = 0; i < of_rules_.size(); ++i) {
    const UpstreamRule& rule = settings_.upstreams[i];
    if (has_path_prefix(path, rule.path))
      return PickedUpstream{of_rules_[i], rule.authorization.reveal()};
  }
  return base::Code::no_upstream;
}

base::Result<PickedUpstream> Upstreams::at(const std::string& url) {
  const auto known = of_agents_.find(url);
  if (known != of_agents_.end()) return PickedUpstream{known->second, {}};
  auto read = http::parse_upstream_url(url);
  if (!read) {
    return base::Error(base::Code::upstream_unreachable,
                       "The upstream of this agent has no usable address.",
                       "Set it with 'kronborg agent set <agent> --upstream URL'.");
  }
  auto pool = make_pool(loop_, settings_, *std::move(read), read_room_);
  of_agents_.emplace(url, pool);
  return PickedUpstream{std::move(pool), {}};
}

void Upstreams::tick(std::chrono::steady_clock::time_point now) {
  for (const auto& pool : of_rules_) pool->tick(now);
  for (const auto& [url, pool] : of_agents_) pool->tick(now);
}

void Upstreams::keep_only_of(const authority::Policy& policy) {
  boost::unordered::erase_if(of_agents_, [&](const auto& entry) {
    if (entry.second.use_count() > 1) return false;
    for (const auto& [address, agent] : policy.agents) {
      if (agent->upstream == entry.first) return false;
    }
    return true;
  });
}

}  // namespace kronborg::gate

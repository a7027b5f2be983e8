#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "http/client_tls.h"

namespace kronborg::http {

UpstreamPool::UpstreamPool(asio::io_context& loop, UpstreamUrl url,
                           std::chrono::seconds connect_timeout, std::size_t max_connections,
                           std::shared_ptr<std::vector<char>> read_room)
    : loop_(loop),
      url_(std::move(url)),
      connect_timeout_(connect_timeout),
      max_connections_(max_connections),
      scratch_(read_room ? std::move(read_room)
                         : std::make_shared<std::vector<char>>(upstream_read_bytes)),
      now_(Steady::now()) {}

UpstreamPool::~UpstreamPool() { in_use_.clear(); }

base::Result<std::unique_ptr<UpstreamConnection>> UpstreamPool::take(bool fresh) {
  while (!fresh && !idle_.empty()) {
    std::unique_ptr<UpstreamConnection> last = std::move(idle_.back());
    idle_.pop_back();
    // Closed meanwhile, or with bytes that belong to no request.
    if (!last->quiet()) continue;
    last->reused_ = true;
    in_use_.push_back(*last);
    return last;
  }
  if (open_ >= max_connections_ && !idle_.empty()) idle_.erase(idle_.begin());
  if (open_ >= max_connections_) return base::Code::upstream_busy;
  auto made = std::make_unique<UpstreamConnection>(*this);
  in_use_.push_back(*made);
  return made;
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamConnection> connection) {
  if (connection->closed_ || idle_.size() >= max_idle_upstream_connections) return;
  connection->unlink();
  connection->idle_since_ = now_;
  connection->kept_ = {};
  connection->holds_rest_ = false;
  idle_.push_back(std::move(connection));
}

void UpstreamPool::tick(Steady::time_point now) {
  now_ = now;
  for (UpstreamConnection& connection : in_use_) connection.judge_time(now);
  std::erase_if(idle_, [now](const std::unique_ptr<UpstreamConnection>& connection) {
    return now - connection->idle_since_ > upstream_idle_age || !connection->quiet();
  });
}

asio::awaitable<base::Result<UpstreamPool::Endpoints>> UpstreamPool::addresses() {
  if (!url_.unix_path.empty()) {
    co_return Endpoints{asio::local::stream_protocol::endpoint(url_.unix_path)};
  }
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(url_.host, error);
  if (!error) co_return Endpoints{asio::ip::tcp::endpoint(literal, url_.port)};
  if (!endpoints_.empty() && resolved_at_ != Steady::time_point::min() &&
      now_ - resolved_at_ < upstream_name_age) {
    co_return endpoints_;
  }
  asio::ip::tcp::resolver resolver(loop_);
  const auto found = co_await resolver.async_resolve(
      url_.host, std::to_string(url_.port), asio::redirect_error(asio::use_awaitable, error));
  Endpoints fresh;
  if (!error) {
    for (const auto& entry : found) fresh.emplace_back(entry.endpoint());
  }
  if (!fresh.empty()) {
    endpoints_ = std::move(fresh);
    resolved_at_ = now_;
  }
  // A name server that fails for a moment takes no upstream away.
  if (endpoints_.empty()) {
    co_return base::Error(base::Code::upstream_unreachable,
                          "The name of the upstream is not known.",
                          "Check gate.upstream in the configuration, and the name server.");
  }
  co_return endpoints_;
}

}  // namespace kronborg::http

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "base/bytes.h"
#include "gate/relay.h"

namespace kronborg::gate {

asio::awaitable<void> Relay::tunnel() {
  ends_with_server_ = true;
  exchange_.when_draining([this] { stop_upstream(); });
  body_end_ = BodyEnd::broken;
  std::string bytes = std::exchange(early_, {});
  if (co_await flush()) {
    start_second(client_to_upstream());
    for (;;) {
      if (!bytes.empty()) {
        flushing_ = true;
        const bool sent = co_await exchange_.write_raw(base::bytes_of(bytes));
        flushing_ = false;
        if (!sent) break;
      }
      const http::Received received = co_await connection_->read_some(room_.settings.idle_timeout);
      if (received.end != http::StreamEnd::open || is_over()) break;
      bytes = received.bytes;
    }
  }
  stop_upstream();
}

asio::awaitable<void> Relay::client_to_upstream() {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (;;) {
    const auto bytes = co_await exchange_.read_raw_some();
    if (bytes.empty()) break;
    if (!co_await connection_->write(room_.settings.idle_timeout, base::text_of(bytes))) break;
  }
  stop_upstream();
}

}  // namespace kronborg::gate

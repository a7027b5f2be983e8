#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>

namespace kronborg::http {

namespace asio = boost::asio;

/// Threads for work that may block (the store, the key holder). Grows on demand to `max_threads`,
/// bounded queue. Thread-safe. The end waits for all work that was taken.
class Workers {
 public:
  explicit Workers(std::size_t max_threads = 64, std::size_t max_queued = 4096);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// false: the queue is full (answer 503 overloaded). `work` must not throw.
  [[nodiscard]] bool post(std::function<void()> work);

  /// Leaves the event loop, runs `work` on a worker, comes back once. false: it was not run, the
  /// queue is full. What `work` throws is thrown here.
  asio::awaitable<bool> run(std::function<void()> work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kronborg::http

#include "http/workers.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <vector>

namespace kronborg::http {

namespace {
/// Enough for SQLite and libpq; virtual memory until it is touched.
constexpr std::size_t stack_bytes = 512U << 10U;
}  // namespace

struct Workers::State {
  State(std::size_t threads_at_most, std::size_t queued_at_most)
      : max_threads(std::max<std::size_t>(threads_at_most, 1)), max_queued(queued_at_most) {}

  const std::size_t max_threads;
  const std::size_t max_queued;

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> queue;  // the rest is guarded by mutex
  std::vector<pthread_t> threads;
  std::size_t idle = 0;
  bool stopping = false;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      --idle;
      if (queue.empty()) return;
      auto task = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // what it captured ends outside the lock
      lock.lock();
    }
  }

  /// With the lock held. false: the system gives no further thread.
  bool add_thread() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    pthread_t thread{};
    const auto body = [](void* state) -> void* {
      pthread_setname_np(pthread_self(), "kronborg-work");
      static_cast<State*>(state)->work();
      return nullptr;
    };
    const bool made = pthread_create(&thread, &attributes, body, this) == 0;
    pthread_attr_destroy(&attributes);
    if (made) threads.push_back(thread);
    return made;
  }
};

Workers::Workers(std::size_t max_threads, std::size_t max_queued)
    : state_(std::make_unique<State>(max_threads, max_queued)) {}

Workers::~Workers() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (const auto thread : state_->threads) pthread_join(thread, nullptr);
}

bool Workers::post(std::function<void()> work) {
  {
    const std::lock_guard lock(state_->mutex);
    auto& state = *state_;
    if (state.stopping || state.queue.size() >= state.max_queued) return false;
    const bool all_busy = state.idle <= state.queue.size();
    if (all_busy && state.threads.size() < state.max_threads && !state.add_thread() &&
        state.threads.empty()) {
      return false;
    }
    state.queue.push_back(std::move(work));
  }
  state_->wake.notify_one();
  return true;
}

asio::awaitable<bool> Workers::run(std::function<void()> work) {
  auto executor = co_await asio::this_coro::executor;
  const auto leave = [&](auto handler) {
    // std::function wants to copy, the handler can only be moved.
    auto resume = std::make_shared<decltype(handler)>(std::move(handler));
    auto guard = asio::make_work_guard(executor);
    // The failure is handed on whole: whoever keeps a share of it may be the one who frees it,
    // while the loop still reads it.
    const auto come_back = [resume, executor](std::exception_ptr failure, bool ran) {
      asio::post(executor, [resume, failure = std::move(failure), ran]() mutable {
        std::move (*resume)(std::move(failure), ran);
      });
    };
    const bool taken = post([work = std::move(work), come_back, guard]() mutable {
      std::exception_ptr failure;
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      work = nullptr;
      come_back(std::move(failure), true);
    });
    if (!taken) come_back(nullptr, false);
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                          void(std::exception_ptr, bool)>(leave,
                                                                          asio::use_awaitable);
}

}  // namespace kronborg::http

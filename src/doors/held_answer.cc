#include "doors/held_answer.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace kronborg::doors {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

/// Hears whether what a held answer waits for has come.
class Waiter final : public SpaceReader {
 public:
  Waiter(const Loop& loop, const api::Held& held)
      : readers_(loop.readers), held_(held), timer_(loop.context) {
    readers_.add(held_.space, *this);
  }
  ~Waiter() override { readers_.remove(held_.space, *this); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  void hear(Heard& heard) override {
    const spaces::Notice& notice = heard.notice();
    const bool key_ended = notice.kind == spaces::NoticeKind::key_ended &&
                           (notice.ends_space || notice.ended_key_id == held_.key_id);
    // A lock is waited for with `after` below zero: whatever happens to a document may free it.
    const bool came = held_.after < 0
                          ? notice.kind == spaces::NoticeKind::artifact
                          : notice.kind == spaces::NoticeKind::message && notice.seq > held_.after;
    if (key_ended || came) wake();
  }

  void wake() {
    woken_ = true;
    timer_.cancel();
  }

  asio::awaitable<void> wait(Steady::time_point until) {
    if (!woken_) {
      timer_.expires_at(until);
      boost::system::error_code ignored;
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    woken_ = false;
  }

 private:
  SpaceReaders& readers_;
  const api::Held held_;
  asio::steady_timer timer_;
  bool woken_ = false;
};

}  // namespace

asio::awaitable<void> answer_held(const Loop& loop, http::Exchange& exchange, MakeAnswer make) {
  http::Answer answer;
  std::optional<api::Held> held;
  const auto ask = [&](bool resumed, std::optional<api::Held>* may_hold) {
    return loop.workers.run([&, resumed, may_hold] { answer = make(resumed, may_hold); });
  };
  bool run = co_await ask(false, &held);
  bool gone = false;
  if (run && held) {
    Waiter waiter(loop, *held);
    const auto until = Steady::now() + std::chrono::seconds(held->seconds);
    bool over = false;
    exchange.when_client_leaves([&] {
      gone = true;
      waiter.wake();
    });
    exchange.when_draining([&] {
      over = true;
      waiter.wake();
    });
    // Asked again at once: something may have come before the waiter listened.
    while (run && held && !gone && !over && Steady::now() < until) {
      held.reset();
      run = co_await ask(true, &held);
      if (run && held && !gone && !over) co_await waiter.wait(until);
    }
    if (run && held && !gone) run = co_await ask(true, nullptr);
    exchange.when_client_leaves({});
    exchange.when_draining({});
  }
  if (gone) {
    exchange.cut();
  } else if (!run) {
    exchange.respond(api::error_response(base::Code::overloaded, exchange.request_id(), "",
                                         loop.router.settings().origin));
  } else {
    exchange.respond(answer);
  }
  base::wipe(answer.body.data(), answer.body.size());
}

}  // namespace kronborg::doors

#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "http/server.h"

namespace kronborg::http {

class Connection;
using TimePoint = std::chrono::steady_clock::time_point;

inline constexpr std::size_t uuid_length = 36;

/// One thread's event loop with its service and its connections. Everything but the functions that
/// say otherwise is for that thread only.
class EventLoop {
 public:
  EventLoop(const ServerOptions& options, base::Clock& clock, base::Random& random);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// Before run().
  void set_service(std::unique_ptr<Service> service) { service_ = std::move(service); }
  /// Runs until stop().
  void run();
  /// Any thread.
  void stop();
  /// Any thread: from now on draining() holds on this loop; idle connections close.
  void drain();
  /// Any thread: ends every connection without more ado.
  void cut_all();

  [[nodiscard]] asio::io_context& context() { return context_; }
  [[nodiscard]] Service& service() { return *service_; }
  [[nodiscard]] const ServerOptions& options() const { return options_; }
  [[nodiscard]] bool draining() const { return draining_; }
  /// As of the last tick: for deadlines, which are coarse.
  [[nodiscard]] TimePoint now() const { return now_; }
  /// The line `Date: …` with its CRLF, as of the last tick.
  [[nodiscard]] std::string_view date_line() const { return date_line_; }
  /// A new UUID version 4.
  void write_uuid(std::span<char, uuid_length> out);

  std::list<Connection*>::iterator add(Connection& connection);
  void remove(std::list<Connection*>::iterator place);

  void report(std::string_view request_id, std::string_view what) const;

 private:
  /// Can end the suspended coroutines while the service that they use is still there.
  class Context : public asio::io_context {
   public:
    using asio::io_context::io_context;
    void end_operations() { shutdown(); }
  };

  void tick();
  void arm_tick();
  void write_date();

  const ServerOptions& options_;
  base::Clock& clock_;
  base::Random& random_;
  Context context_{1};
  std::unique_ptr<Service> service_;
  asio::steady_timer tick_timer_{context_};
  std::list<Connection*> connections_;
  TimePoint now_;
  std::int64_t date_second_ = -1;
  std::string date_line_;
  bool draining_ = false;

  // Randomness for request ids, fetched in one go.
  std::array<std::uint8_t, 4096> pool_{};
  std::size_t pool_used_ = pool_.size();
};

/// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and CRLF (RFC 9110 section 5.6.7).
std::string date_line(std::int64_t unix_seconds);

}  // namespace kronborg::http

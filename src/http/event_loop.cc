#include "http/event_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <ctime>

#include "http/connection.h"

namespace kronborg::http {

std::string date_line(std::int64_t unix_seconds) {
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> line{};
  const int length =
      std::snprintf(line.data(), line.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                    days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                    months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                    utc.tm_min, utc.tm_sec);
  return {line.data(), static_cast<std::size_t>(length)};
}

EventLoop::EventLoop(const ServerOptions& options, base::Clock& clock, base::Random& random)
    : options_(options), clock_(clock), random_(random), now_(options.steady_now()) {
  write_date();
}

EventLoop::~EventLoop() {
  context_.end_operations();
  service_.reset();
}

void EventLoop::run() {
  const auto guard = asio::make_work_guard(context_);
  arm_tick();
  while (true) {
    try {
      context_.run();
      return;
    } catch (const std::exception& failure) {
      report({}, failure.what());
    }
  }
}

void EventLoop::stop() { context_.stop(); }

void EventLoop::drain() {
  asio::post(context_, [this] {
    draining_ = true;
    for (auto* connection : connections_) connection->drain();
  });
}

void EventLoop::cut_all() {
  asio::post(context_, [this] {
    for (auto* connection : connections_) connection->cut_off();
  });
}

void EventLoop::write_uuid(std::span<char, uuid_length> out) {
  constexpr std::size_t id_bytes = 16;
  if (pool_used_ + id_bytes > pool_.size()) {
    random_.fill(pool_);
    pool_used_ = 0;
  }
  const std::span<std::uint8_t> bytes(pool_.data() + pool_used_, id_bytes);
  pool_used_ += id_bytes;
  // RFC 9562 section 5.4: version 4, variant 10.
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  constexpr std::string_view digits = "0123456789abcdef";
  std::size_t at = 0;
  for (std::size_t i = 0; i < id_bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out[at++] = '-';
    out[at++] = digits[bytes[i] >> 4U];
    out[at++] = digits[bytes[i] & 0x0F];
  }
}

std::list<Connection*>::iterator EventLoop::add(Connection& connection) {
  return connections_.insert(connections_.end(), &connection);
}

void EventLoop::remove(std::list<Connection*>::iterator place) { connections_.erase(place); }

void EventLoop::report(std::string_view request_id, std::string_view what) const {
  if (options_.on_internal_error) options_.on_internal_error(request_id, what);
}

void EventLoop::write_date() {
  const auto second = clock_.now();
  if (second == date_second_) return;
  date_second_ = second;
  date_line_ = http::date_line(second);
}

void EventLoop::tick() {
  now_ = options_.steady_now();
  write_date();
  for (auto* connection : connections_) connection->judge_deadlines();
}

void EventLoop::arm_tick() {
  tick_timer_.expires_after(options_.tick);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    tick();
    arm_tick();
  });
}

}  // namespace kronborg::http

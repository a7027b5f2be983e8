#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/client_url.h"

namespace kronborg::http {

namespace asio = boost::asio;

inline constexpr std::size_t max_idle_upstream_connections = 64;  // per pool
inline constexpr std::chrono::seconds upstream_idle_age{60};      // then an idle one is closed
inline constexpr std::chrono::seconds upstream_name_age{30};      // how long an address is believed
inline constexpr std::size_t upstream_read_bytes = 64U << 10U;

class UpstreamPool;

/// How a stream of bytes stands after a read.
enum class StreamEnd : std::uint8_t {
  open,    ///< more may follow
  clean,   ///< the other side ended it in order
  broken,  ///< reset, cut, timed out or closed here
};

/// What arrived. `bytes` is valid until the coroutine waits for anything.
struct Received {
  std::string_view bytes;
  StreamEnd end = StreamEnd::open;
};

/// One connection to an upstream, plain, TLS or Unix. Made by UpstreamPool::take(), whose loop and
/// life it shares. One coroutine may read while another writes.
class UpstreamConnection : public boost::intrusive::list_base_hook<
                               boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using Steady = std::chrono::steady_clock;

  explicit UpstreamConnection(UpstreamPool& pool);
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  /// It served an exchange before; the upstream may be closing it at this moment.
  [[nodiscard]] bool reused() const { return reused_; }
  [[nodiscard]] bool connected() const { return connected_; }
  /// A time ran out and ended it.
  [[nodiscard]] bool timed_out() const { return timed_out_; }

  /// Connects when it is not. Errors: upstream_unreachable, upstream_timeout.
  asio::awaitable<base::Result<void>> open();
  /// Sends all parts, in one packet where they fit. false: it has ended. `patience`: how long
  /// the upstream may take no byte at all.
  asio::awaitable<bool> write(Steady::duration patience, std::string_view first,
                              std::string_view second = {}, std::string_view third = {},
                              std::string_view fourth = {});
  /// Sends what the socket takes at once, without TLS; what is left.
  std::string_view write_now(std::string_view bytes);
  /// What was kept and what has arrived behind it. Every write starts the patience anew.
  asio::awaitable<Received> read_some(Steady::duration patience);
  /// The next read begins with these bytes, the unused end of what the last one gave.
  void keep(std::string_view rest);
  /// Ends both directions at once; waiting reads and writes come back.
  void close();

 private:
  friend class UpstreamPool;
  struct Tls;
  using Parts = std::array<std::string_view, 4>;

  asio::awaitable<base::Result<void>> connect_one(
      const asio::generic::stream_protocol::endpoint& to);
  asio::awaitable<base::Result<void>> handshake();
  asio::awaitable<Received> read_tls();
  asio::awaitable<bool> write_tls(Parts parts);
  asio::awaitable<bool> write_plain(Steady::duration patience, Parts parts);
  [[nodiscard]] bool quiet();
  void judge_time(Steady::time_point now);

  UpstreamPool& pool_;
  asio::generic::stream_protocol::socket socket_;
  std::unique_ptr<Tls> tls_;
  std::string kept_;
  Steady::time_point read_deadline_ = Steady::time_point::max();
  Steady::time_point write_deadline_ = Steady::time_point::max();
  Steady::duration read_patience_{};
  Steady::time_point idle_since_;
  bool connected_ = false;
  bool reused_ = false;
  bool closed_ = false;
  bool timed_out_ = false;
  bool may_have_more_ = false;  ///< the last read filled the buffer: no need to wait
  bool holds_rest_ = false;     ///< kept_ is to come before the next bytes
};

/// The connections of one event loop to one upstream. Used on that loop alone.
class UpstreamPool {
 public:
  using Steady = std::chrono::steady_clock;

  /// `read_room`: at least upstream_read_bytes, shared by the pools of a loop; null: one of its
  /// own.
  UpstreamPool(asio::io_context& loop, UpstreamUrl url, std::chrono::seconds connect_timeout,
               std::size_t max_connections, std::shared_ptr<std::vector<char>> read_room = nullptr);
  ~UpstreamPool();
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  [[nodiscard]] const UpstreamUrl& url() const { return url_; }

  /// The idle connection used last that is still open, or a new one to open(). `fresh`: only a new
  /// one. Error: upstream_busy.
  base::Result<std::unique_ptr<UpstreamConnection>> take(bool fresh = false);
  /// After an exchange that ended in order, with nothing left to read.
  void give_back(std::unique_ptr<UpstreamConnection> connection);

  /// Ends what waited too long and closes what was idle too long. Times are as exact as this is
  /// called often.
  void tick(Steady::time_point now);
  [[nodiscard]] std::size_t connections() const { return open_; }
  [[nodiscard]] std::size_t idle() const { return idle_.size(); }

 private:
  friend class UpstreamConnection;
  struct Trust;
  using Endpoints = std::vector<asio::generic::stream_protocol::endpoint>;

  asio::awaitable<base::Result<Endpoints>> addresses();

  asio::io_context& loop_;
  UpstreamUrl url_;
  std::chrono::seconds connect_timeout_;
  std::size_t max_connections_;
  std::shared_ptr<Trust> trust_;
  std::shared_ptr<std::vector<char>> scratch_;
  Endpoints endpoints_;
  Steady::time_point resolved_at_ = Steady::time_point::min();
  Steady::time_point now_;
  std::size_t open_ = 0;
  boost::intrusive::list<UpstreamConnection, boost::intrusive::constant_time_size<false>> in_use_;
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;
};

}  // namespace kronborg::http

#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "http/exchange.h"
#include "http/limits.h"

namespace kronborg::http {

struct TlsFiles {
  std::string certificate;  ///< PEM chain
  std::string key;          ///< PEM
};

struct ListenAddress {
  std::string host;        ///< IP address; empty when `unix_path` is set
  std::uint16_t port = 0;  ///< 0: the kernel chooses (tests)
  std::string unix_path;   ///< mode 0600
};

/// "127.0.0.1:1337" or "[::1]:1337"; a text without an address, like ":0", is refused. Error:
/// config_invalid.
base::Result<ListenAddress> parse_listen_address(std::string_view text);

/// One line per finished request for the access log (http.md section 15): no path, no credential.
struct AccessRecord {
  std::string_view request_id;
  std::string_view source;
  std::string_view method;
  int status = 0;
  std::uint64_t bytes = 0;
  std::int64_t micros = 0;
  std::string_view credential_id;  ///< set by the service through Exchange; may be empty
  std::string_view route;          ///< template, not the raw path
};

struct ServerOptions {
  int loops = 0;                  ///< event loops; 0: one per core
  std::optional<TlsFiles> tls;    ///< for TCP listeners
  bool strict_transport = false;  ///< add Strict-Transport-Security (not on Unix sockets)
  std::size_t max_connections = http::max_connections;
  std::size_t max_connections_per_source = http::max_connections_per_source;

  /// The time that deadlines are judged by, asked once per tick; tests give their own.
  std::function<std::chrono::steady_clock::time_point()> steady_now;
  /// How often deadlines are judged and the text of `Date` is made anew.
  std::chrono::milliseconds tick{250};

  /// Called on the loop's thread after each answer. Costs two readings of the clock per request.
  std::function<void(const AccessRecord&)> on_access;
  /// An exception that a service let through; the client has got 500 `internal_error`.
  std::function<void(std::string_view request_id, std::string_view what)> on_internal_error;
};

/// Event loops, listeners and connections. `make_service` is called once per loop, before any
/// request, on the thread that calls start(). Connections are dealt to the loops in turn.
class Server {
 public:
  using MakeService = std::function<std::unique_ptr<Service>(asio::io_context& loop, int index)>;

  Server(ServerOptions options, base::Clock& clock, base::Random& random, MakeService make_service);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds. Errors: listen_address_in_use (names the address), config_invalid, file_error.
  base::Result<void> listen(const ListenAddress& address);
  /// The port bound by the n-th TCP listener.
  [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const;

  /// Starts the threads and returns.
  void start();
  /// Stops accepting, answers new requests with 503 `draining`, closes idle connections, waits at
  /// most `graceful_stop_time` for the rest, then cuts them and joins the threads. Work that a
  /// Workers still holds for a request comes back to these loops: destroy Workers before the
  /// Server.
  void stop();
  [[nodiscard]] bool draining() const;
  /// Reads certificate and key anew (SIGHUP). The old ones stay on error: file_error,
  /// config_invalid.
  base::Result<void> reload_tls();

  [[nodiscard]] std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kronborg::http

#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/event_loop.h"
#include "http/server.h"
#include "http/stream.h"

namespace kronborg::http {

/// One bound address. Accepts on the loop it was opened for; the accepted sockets may belong to
/// others.
class Listener {
 public:
  /// Binds and listens. Errors: listen_address_in_use (names the address), config_invalid,
  /// file_error.
  static base::Result<std::unique_ptr<Listener>> open(asio::io_context& loop,
                                                      const ListenAddress& address);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  /// `choose` names the loop of the next connection, `take` gets it; both run on the listener's
  /// loop.
  asio::awaitable<void> accept_all(
      std::function<EventLoop&()> choose,
      std::function<void(Socket socket, EventLoop& loop, const Listener& from)> take);
  /// On the listener's loop. Removes the file of a Unix socket.
  void close();

  [[nodiscard]] bool unix_socket() const { return !unix_path_.empty(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] bool loopback() const { return loopback_; }

 private:
  using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
  explicit Listener(asio::io_context& loop) : acceptor_(loop), pause_(loop) {}

  base::Result<void> open_tcp(const ListenAddress& address);
  base::Result<void> open_unix(const std::string& path);

  Acceptor acceptor_;
  asio::steady_timer pause_;
  std::string unix_path_;
  std::uint16_t port_ = 0;
  bool loopback_ = false;
};

}  // namespace kronborg::http

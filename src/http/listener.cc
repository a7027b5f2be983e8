#include "http/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstring>

namespace kronborg::http {

namespace {

using asio::generic::stream_protocol;
using base::Code;
using boost::system::error_code;

/// How long to wait when the process or the system has no further descriptor.
constexpr std::chrono::milliseconds accept_pause{100};

base::Error cannot_listen(const std::string& where, const error_code& error) {
  if (error == asio::error::address_in_use)
    return {Code::listen_address_in_use, where + " is in use."};
  if (error == asio::error::access_denied) {
    return {Code::config_invalid, "This user may not listen on " + where + "."};
  }
  return {Code::config_invalid, "Cannot listen on " + where + ": " + error.message() + "."};
}

std::string name_of(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

/// Whether somebody listens on the socket file.
bool answers(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return true;
  const bool connected =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // A full backlog (EAGAIN) is somebody too.
  const bool nobody = !connected && (errno == ECONNREFUSED || errno == ENOENT);
  ::close(probe);
  return !nobody;
}

}  // namespace

base::Result<std::unique_ptr<Listener>> Listener::open(asio::io_context& loop,
                                                       const ListenAddress& address) {
  auto listener = std::unique_ptr<Listener>(new Listener(loop));
  if (address.unix_path.empty()) {
    TRY_VOID(listener->open_tcp(address));
  } else {
    TRY_VOID(listener->open_unix(address.unix_path));
  }
  return listener;
}

Listener::~Listener() { close(); }

base::Result<void> Listener::open_tcp(const ListenAddress& address) {
  error_code error;
  const auto ip = asio::ip::make_address(address.host, error);
  if (error) return base::Error(Code::config_invalid, address.host + " is not an IP address.");
  const asio::ip::tcp::endpoint endpoint(ip, address.port);
  acceptor_.open(stream_protocol(endpoint.protocol()), error);
  // Not SO_REUSEPORT: a second server on this port must fail.
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && ip.is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor_.bind(stream_protocol::endpoint(endpoint), error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(name_of(address), error);
  asio::ip::tcp::endpoint bound;
  const auto local = acceptor_.local_endpoint(error);
  std::memcpy(bound.data(), local.data(), local.size());
  port_ = bound.port();
  loopback_ = ip.is_loopback();
  return {};
}

base::Result<void> Listener::open_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return base::Error(Code::config_invalid, "The path of the socket is too long: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      return base::Error(Code::file_error, path + " exists and is not a socket.");
    if (answers(address)) return base::Error(Code::listen_address_in_use, path + " is in use.");
    ::unlink(path.c_str());
  }
  error_code error;
  acceptor_.open(stream_protocol(AF_UNIX, 0), error);
  if (error) return cannot_listen(path, error);
  // Linux gives the file the mode of the socket, so that it never exists with another one.
  ::fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR);
  acceptor_.bind(stream_protocol::endpoint(&address, sizeof address), error);
  if (error) return cannot_listen(path, error);
  unix_path_ = path;
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    return base::Error(Code::file_error, "The mode of " + path + " cannot be set.");
  }
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(path, error);
  return {};
}

asio::awaitable<void> Listener::accept_all(
    std::function<EventLoop&()> choose,
    std::function<void(Socket socket, EventLoop& loop, const Listener& from)> take) {
  constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
  while (acceptor_.is_open()) {
    auto& loop = choose();
    Socket socket(loop.context());
    const auto [error] = co_await acceptor_.async_accept(socket, as_result);
    if (!error) {
      take(std::move(socket), loop, *this);
    } else if (error != asio::error::operation_aborted &&
               error != asio::error::connection_aborted) {
      pause_.expires_after(accept_pause);
      co_await pause_.async_wait(as_result);
    }
  }
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
  unix_path_.clear();
}

}  // namespace kronborg::http

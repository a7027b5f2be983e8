#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "http/exchange.h"

namespace kronborg::http {

using Socket = asio::generic::stream_protocol::socket;

/// A TCP or Unix socket, with TLS over it or not. Every error, also the end of the stream, reads as
/// zero bytes: what is left to do is the same.
class Stream {
 public:
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}

  [[nodiscard]] Socket& socket() { return socket_; }
  [[nodiscard]] bool encrypted() const { return tls_ != nullptr; }

  /// Makes it a TLS server side of `context`, which may end before the stream.
  asio::awaitable<bool> handshake(asio::ssl::context& context);
  asio::awaitable<std::size_t> read_some(std::span<char> out);
  asio::awaitable<std::size_t> write_some(std::span<const char> bytes);

  /// Writes what the socket takes at once; nothing on an error. Only when not encrypted.
  std::optional<std::size_t> write_now(std::span<const char> bytes);

  /// What the client did while nobody read: `left` when it closed or reset.
  enum class Client : std::uint8_t { quiet, sent, left };
  Client look();
  /// The same by the state of the connection alone, past bytes that are not read yet.
  bool has_left();

  /// Ends our half, with TLS in both layers; the client still may send.
  asio::awaitable<void> say_end();
  /// Wakes every operation with an error.
  void cancel();
  /// As cancel(), and everything after it fails too.
  void shut_down();
  /// `reset`: the client sees an error instead of an end.
  void close(bool reset);

 private:
  Socket socket_;
  std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace kronborg::http

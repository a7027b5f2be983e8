#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace kronborg::http {

namespace asio = boost::asio;

/// Who is at the other end of the connection, by the kernel's word.
struct Peer {
  std::string address;  ///< IP address as text; empty for a Unix socket
  std::uint16_t port = 0;
  bool unix_socket = false;
  std::uint32_t uid = 0;  ///< Unix socket only (SO_PEERCRED)
  bool tls = false;
  std::uint16_t local_port = 0;
  bool local_loopback = false;  ///< the listener's own address is a loopback one
};

enum class Framing : std::uint8_t { length, chunked, until_close, none };

/// One request and its answer on one connection. Lives on its connection's event loop; used by one
/// coroutine. An answer is made in one of three ways: respond(); start() + put() + flush() + end();
/// or take_over() after an upgrade.
class Exchange {
 public:
  virtual ~Exchange() = default;

  [[nodiscard]] virtual const RequestHead& request() const = 0;
  [[nodiscard]] virtual const Peer& peer() const = 0;
  /// X-Request-Id: the request's own when it is well-formed, else a new UUID (http.md section 8).
  [[nodiscard]] virtual std::string_view request_id() const = 0;
  [[nodiscard]] virtual asio::any_io_executor executor() const = 0;

  // --- the request's body -------------------------------------------------------------------
  /// The next decoded bytes, valid until the next call; empty at the end. Sends 100 Continue
  /// first when it was asked for. Errors: malformed_request, request_timeout; the connection then
  /// cannot be kept.
  virtual asio::awaitable<base::Result<std::span<const std::uint8_t>>> read_body_some() = 0;
  /// The whole body. Error: body_too_large judged from Content-Length before a byte is read.
  virtual asio::awaitable<base::Result<std::string>> read_body(std::size_t limit_bytes) = 0;

  // --- the answer ---------------------------------------------------------------------------
  /// Queues a whole answer with the standard fields; the connection sends it (answers to pipelined
  /// requests share one write).
  virtual void respond(const Answer& answer) = 0;
  /// The same from a head that the caller has written out in full except for `X-Request-Id` and
  /// the closing empty line: for the hot path.
  virtual void respond_prepared(std::string_view status_and_fields, std::string_view body) = 0;

  /// Queues the head of a streamed answer. `fields` are written as they are, with X-Request-Id,
  /// framing and Connection added; `standard` adds the other standard fields of http.md section 8.
  virtual void start(int status, std::span<const Field> fields, Framing framing,
                     std::uint64_t content_length, bool standard) = 0;
  virtual void put(std::string_view body_bytes) = 0;
  /// Sends what is queued. false: the client has gone, or did not read for blocked_write_time.
  virtual asio::awaitable<bool> flush() = 0;
  virtual void end() = 0;
  /// Ends the answer so that the client sees that it is cut: no last chunk, connection closed.
  virtual void cut() = 0;
  [[nodiscard]] virtual bool started() const = 0;

  /// Called once on this loop when the client closes or resets while an answer is being made.
  /// Ends with the exchange, or when replaced by an empty function.
  virtual void when_client_leaves(std::function<void()> gone) = 0;

  // --- after 101 ----------------------------------------------------------------------------
  /// Raw bytes from the client (what was read ahead first); empty at the end of the stream.
  virtual asio::awaitable<std::span<const std::uint8_t>> read_raw_some() = 0;
  /// Raw bytes to the client; false when it has gone.
  virtual asio::awaitable<bool> write_raw(std::span<const std::uint8_t> bytes) = 0;
};

/// What the server calls for every request. One instance per event loop; called on that loop.
class Service {
 public:
  virtual ~Service() = default;
  /// Answers without waiting for anything, or returns false. The hot path.
  virtual bool answer_now(Exchange& exchange) = 0;
  virtual asio::awaitable<void> answer(Exchange& exchange) = 0;
  /// A request that could not be read: the answer in the form of the surface it was for.
  virtual Answer refuse(const base::Error& error, std::string_view request_id) = 0;
};

}  // namespace kronborg::http

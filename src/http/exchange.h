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
  /// The request came inside a Secure Channel: nobody between can read it, and nothing is believed
  /// of it because of where it came from (docs/protocol/secure-channel.md section 2).
  bool sealed = false;
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
  /// Which times of http.md section 3 hold for the body. true, as at the start: 30 s in all and
  /// 1 KiB/s after the first 5 s. false, for uploads of any length: idle_time between two reads.
  virtual void set_body_pace(bool strict) { (void)strict; }

  // --- the answer ---------------------------------------------------------------------------
  /// Queues a whole answer with the standard fields; the connection sends it (answers to pipelined
  /// requests share one write). The body of the answer to HEAD, and of 204 and 304, is left out.
  virtual void respond(const Answer& answer) = 0;
  /// The same from a head that the caller has written out in full except for `Date`,
  /// `X-Request-Id`, `Connection` and the closing empty line: for the hot path.
  virtual void respond_prepared(std::string_view status_and_fields, std::string_view body) = 0;

  /// Queues the head of a streamed answer. `fields` are written as they are, with X-Request-Id,
  /// framing, Connection and, unless among them, Date added: the caller leaves those four out.
  /// `standard` adds the other standard fields of http.md section 8. Chunked becomes until_close
  /// for an HTTP/1.0 client. Status 101 adds `Connection: Upgrade`; the raw functions work after
  /// flush().
  virtual void start(int status, std::span<const Field> fields, Framing framing,
                     std::uint64_t content_length, bool standard) = 0;
  virtual void put(std::string_view body_bytes) = 0;
  /// Sends what is queued. false: the client has gone, or did not read for blocked_write_time.
  virtual asio::awaitable<bool> flush() = 0;
  /// put() for streams that something else than their own coroutine feeds. false: the client has
  /// gone, or what is not sent yet would exceed `most_queued` bytes; nothing is queued then.
  virtual bool queue(std::string_view body_bytes, std::size_t most_queued) = 0;
  /// As much of a flush() as the socket takes now, without waiting; the rest is sent in the
  /// background. false: the client has gone.
  virtual bool send_queued() = 0;
  /// Little will happen for a while on this stream: memory that is kept for speed is freed. Ends
  /// request(), all but its method.
  virtual void rest() = 0;
  /// The answer is whole. With Framing::length and less put than promised it is cut instead.
  virtual void end() = 0;
  /// Ends the answer so that the client sees that it is cut: no last chunk, connection closed.
  virtual void cut() = 0;
  [[nodiscard]] virtual bool started() const = 0;

  /// Called once on this loop when the client closes or resets while an answer is being made.
  /// Ends with the exchange, or when replaced by an empty function. A half-closed connection counts
  /// as closed: an HTTP client that still wants the answer keeps its side open. The watch begins
  /// when the request's body has been read; behind bytes that the client sent ahead it is as coarse
  /// as the loop's tick.
  virtual void when_client_leaves(std::function<void()> gone) = 0;
  /// Called once on this loop when the server begins to stop: the moment to end a stream. Ends with
  /// the exchange.
  virtual void when_draining(std::function<void()> draining) { (void)draining; }

  // --- the access record --------------------------------------------------------------------
  /// The template of the route, never the raw path.
  virtual void set_route(std::string_view route) { (void)route; }
  virtual void set_credential_id(std::string_view id) { (void)id; }

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
  /// A request that could not be read, or came while the server stops (`draining`, with
  /// `Retry-After: 5`): the answer in the form of the surface it was for. The connection closes.
  virtual Answer refuse(const base::Error& error, std::string_view request_id) = 0;
};

}  // namespace kronborg::http

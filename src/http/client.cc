#include "http/client.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "http/client_tls.h"

namespace kronborg::http {

namespace {

auto into(boost::system::error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

bool must_wait(const boost::system::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

/// Takes `sent` bytes off the front; false when nothing is left.
bool drop_front(std::array<std::string_view, 4>& parts, std::size_t sent) {
  bool left = false;
  for (std::string_view& part : parts) {
    const std::size_t here = std::min(sent, part.size());
    part.remove_prefix(here);
    sent -= here;
    left = left || !part.empty();
  }
  return left;
}

std::array<asio::const_buffer, 4> buffers(const std::array<std::string_view, 4>& parts) {
  return {asio::buffer(parts[0]), asio::buffer(parts[1]), asio::buffer(parts[2]),
          asio::buffer(parts[3])};
}

}  // namespace

UpstreamConnection::UpstreamConnection(UpstreamPool& pool) : pool_(pool), socket_(pool.loop_) {
  ++pool_.open_;
}

UpstreamConnection::~UpstreamConnection() { --pool_.open_; }

void UpstreamConnection::close() {
  closed_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void UpstreamConnection::judge_time(Steady::time_point now) {
  if (now < read_deadline_ && now < write_deadline_) return;
  read_deadline_ = write_deadline_ = Steady::time_point::max();
  timed_out_ = true;
  close();
}

asio::awaitable<base::Result<void>> UpstreamConnection::open() {
  if (connected_) co_return base::Result<void>();
  auto known = co_await pool_.addresses();
  if (!known) co_return std::move(known).error();
  const UpstreamPool::Endpoints endpoints = *std::move(known);
  // Every address gets its share of the time, so that one that swallows packets hides no other.
  const auto share = pool_.connect_timeout_ / static_cast<int>(endpoints.size());
  base::Code last = base::Code::upstream_unreachable;
  for (const auto& endpoint : endpoints) {
    if (closed_ && !timed_out_) break;
    closed_ = timed_out_ = false;
    read_deadline_ = pool_.now_ + share;
    auto done = co_await connect_one(endpoint);
    if (done && pool_.url_.tls) done = co_await handshake();
    read_deadline_ = Steady::time_point::max();
    if (done && !closed_) {
      connected_ = true;
      co_return base::Result<void>();
    }
    last = timed_out_ ? base::Code::upstream_timeout : base::Code::upstream_unreachable;
  }
  close();
  pool_.resolved_at_ = Steady::time_point::min();
  co_return last;
}

asio::awaitable<base::Result<void>> UpstreamConnection::connect_one(
    const asio::generic::stream_protocol::endpoint& to) {
  boost::system::error_code error;
  tls_.reset();
  socket_.close(error);
  socket_.open(to.protocol(), error);
  if (error) co_return base::Code::upstream_unreachable;
  socket_.non_blocking(true, error);
  co_await socket_.async_connect(to, into(error));
  if (error) co_return base::Code::upstream_unreachable;
  if (pool_.url_.unix_path.empty()) socket_.set_option(asio::ip::tcp::no_delay(true), error);
  may_have_more_ = false;
  co_return base::Result<void>();
}

asio::awaitable<bool> UpstreamConnection::write(Steady::duration patience, std::string_view first,
                                                std::string_view second, std::string_view third,
                                                std::string_view fourth) {
  if (closed_) co_return false;
  write_deadline_ = pool_.now_ + patience;
  const Parts parts{first, second, third, fourth};
  bool sent = false;
  if (tls_) {
    sent = co_await write_tls(parts);
  } else {
    sent = co_await write_plain(patience, parts);
  }
  write_deadline_ = Steady::time_point::max();
  if (read_deadline_ != Steady::time_point::max()) read_deadline_ = pool_.now_ + read_patience_;
  co_return sent && !closed_;
}

asio::awaitable<bool> UpstreamConnection::write_plain(Steady::duration patience, Parts parts) {
  for (;;) {
    boost::system::error_code error;
    const std::size_t size = socket_.write_some(buffers(parts), error);
    if (must_wait(error)) {
      error.clear();
      co_await socket_.async_wait(asio::socket_base::wait_write, into(error));
      if (!error && !closed_) continue;
    }
    // Not closed here: an answer that explains the refusal may lie in the receive buffer.
    if (error || closed_) co_return false;
    if (!drop_front(parts, size)) co_return true;
    write_deadline_ = pool_.now_ + patience;
  }
}

std::string_view UpstreamConnection::write_now(std::string_view bytes) {
  if (closed_ || tls_) return bytes;
  boost::system::error_code error;
  const std::size_t sent = socket_.write_some(asio::buffer(bytes), error);
  return error ? bytes : bytes.substr(sent);
}

asio::awaitable<Received> UpstreamConnection::read_some(Steady::duration patience) {
  if (closed_) co_return Received{{}, StreamEnd::broken};
  read_patience_ = patience;
  read_deadline_ = pool_.now_ + patience;
  Received received;
  if (tls_) {
    received = co_await read_tls();
  } else {
    for (;;) {
      boost::system::error_code error;
      if (!may_have_more_) {
        co_await socket_.async_wait(asio::socket_base::wait_read, into(error));
        if (error || closed_) {
          received.end = StreamEnd::broken;
          break;
        }
      }
      const std::size_t size = socket_.read_some(asio::buffer(*pool_.scratch_), error);
      may_have_more_ = !error && size == pool_.scratch_->size();
      if (must_wait(error)) continue;
      received.bytes = std::string_view(pool_.scratch_->data(), error ? 0 : size);
      if (error) received.end = error == asio::error::eof ? StreamEnd::clean : StreamEnd::broken;
      break;
    }
  }
  read_deadline_ = Steady::time_point::max();
  if (!holds_rest_) {
    kept_.clear();
  } else if (received.end == StreamEnd::open) {
    kept_.append(received.bytes);
    received.bytes = kept_;
  }
  holds_rest_ = false;
  co_return received;
}

void UpstreamConnection::keep(std::string_view rest) {
  kept_ = std::string(rest);
  holds_rest_ = true;
}

bool UpstreamConnection::quiet() {
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && (!tls_ || !tls_->has_unread());
}

asio::awaitable<base::Result<void>> UpstreamConnection::handshake() {
  // Not before it is needed: the system's certificates are large.
  if (!pool_.trust_) pool_.trust_ = std::make_shared<UpstreamPool::Trust>();
  tls_ = std::make_unique<Tls>(socket_, *pool_.trust_);
  co_return co_await tls_->handshake(pool_.url_.host);
}

asio::awaitable<Received> UpstreamConnection::read_tls() { co_return co_await tls_->read_some(); }

asio::awaitable<bool> UpstreamConnection::write_tls(Parts parts) {
  co_return co_await tls_->write(buffers(parts));
}

}  // namespace kronborg::http

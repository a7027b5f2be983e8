#include "http/client_tls.h"

#include <openssl/ssl.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace kronborg::http {

namespace {

constexpr std::size_t record_bytes = 16U << 10U;  // the most that one TLS record holds

bool is_ip(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

UpstreamPool::Trust::Trust() : context(asio::ssl::context::tls_client) {
  boost::system::error_code error;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1,
                      error);
  // Without a store every certificate is refused, which is the safe way to fail.
  context.set_default_verify_paths(error);
  context.set_verify_mode(asio::ssl::verify_peer, error);
}

UpstreamConnection::Tls::Tls(asio::generic::stream_protocol::socket& socket,
                             UpstreamPool::Trust& trust)
    : stream(socket, trust.context) {}

asio::awaitable<base::Result<void>> UpstreamConnection::Tls::handshake(const std::string& host) {
  boost::system::error_code error;
  // RFC 6066 section 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
  if (!is_ip(host) && SSL_set_tlsext_host_name(stream.native_handle(), host.c_str()) != 1) {
    co_return base::Code::upstream_unreachable;
  }
  stream.set_verify_callback(asio::ssl::host_name_verification(host), error);
  if (error) co_return base::Code::upstream_unreachable;
  co_await stream.async_handshake(asio::ssl::stream_base::client,
                                  asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    co_return base::Error(base::Code::upstream_unreachable,
                          "The TLS handshake with the upstream failed.",
                          "Its certificate has to be valid for its name and known to this system.");
  }
  buffer.resize(record_bytes);
  co_return base::Result<void>();
}

asio::awaitable<Received> UpstreamConnection::Tls::read_some() {
  boost::system::error_code error;
  const std::size_t size = co_await stream.async_read_some(
      asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_return Received{{buffer.data(), size}, StreamEnd::open};
  // An end without close_notify may be an attacker's cut (RFC 8446 section 6.1).
  co_return Received{{}, error == asio::error::eof ? StreamEnd::clean : StreamEnd::broken};
}

asio::awaitable<bool> UpstreamConnection::Tls::write(std::array<asio::const_buffer, 4> parts) {
  boost::system::error_code error;
  co_await asio::async_write(stream, parts, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

bool UpstreamConnection::Tls::has_unread() { return SSL_pending(stream.native_handle()) > 0; }

}  // namespace kronborg::http

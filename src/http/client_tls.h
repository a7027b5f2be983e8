#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/client.h"

namespace kronborg::http {

/// Whom an https upstream is believed: the certificates of this system (the files that OpenSSL's
/// SSL_CERT_FILE and SSL_CERT_DIR name), TLS 1.2 or later.
struct UpstreamPool::Trust {
  Trust();
  asio::ssl::context context;
};

/// TLS over the socket of a connection, as a client. Both end together.
struct UpstreamConnection::Tls {
  Tls(asio::generic::stream_protocol::socket& socket, UpstreamPool::Trust& trust);

  /// Sends the name (SNI, RFC 6066 section 3) and checks it against the certificate (RFC 9110
  /// section 4.3.4). Error: upstream_unreachable.
  asio::awaitable<base::Result<void>> handshake(const std::string& host);
  asio::awaitable<Received> read_some();
  asio::awaitable<bool> write(std::array<asio::const_buffer, 4> parts);
  [[nodiscard]] bool has_unread();

  asio::ssl::stream<asio::generic::stream_protocol::socket&> stream;
  std::vector<char> buffer;
};

}  // namespace kronborg::http

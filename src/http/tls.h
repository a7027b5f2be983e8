#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/result.h"
#include "http/server.h"

namespace kronborg::http {

/// TLS 1.2 and 1.3 for a server, no early data, ALPN http/1.1 only. Errors: file_error (a file is
/// missing), config_invalid (not a certificate, not a key, or they do not belong together).
base::Result<std::shared_ptr<asio::ssl::context>> make_tls_context(const TlsFiles& files);

}  // namespace kronborg::http

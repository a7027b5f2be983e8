#include "http/tls.h"

#include <openssl/ssl.h>
#include <unistd.h>

#include <string_view>

namespace kronborg::http {

namespace {

/// RFC 7301: the protocol that we speak, when the client asks at all; a client that cannot speak it
/// is refused before it sends a request.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* offered, unsigned int offered_length, void*) {
  static constexpr std::string_view ours = "\x08http/1.1";
  const auto* mine = reinterpret_cast<const unsigned char*>(ours.data());
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, mine, static_cast<unsigned int>(ours.size()),
                            offered, offered_length) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

base::Result<void> require_file(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) return {};
  return base::Error(base::Code::file_error, "The TLS file " + path + " cannot be read.");
}

}  // namespace

base::Result<std::shared_ptr<asio::ssl::context>> make_tls_context(const TlsFiles& files) {
  TRY_VOID(require_file(files.certificate));
  TRY_VOID(require_file(files.key));
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* raw = context->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_early_data(raw, 0);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate, error);
  if (error) {
    return base::Error(base::Code::config_invalid,
                       files.certificate + " is not a certificate chain in PEM.");
  }
  context->use_private_key_file(files.key, asio::ssl::context::pem, error);
  if (error || SSL_CTX_check_private_key(raw) != 1) {
    return base::Error(base::Code::config_invalid,
                       files.key + " is not the private key of " + files.certificate + ".");
  }
  return context;
}

}  // namespace kronborg::http

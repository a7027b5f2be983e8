#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "http/server.h"

namespace kronborg::http {

base::Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto wrong = [text] {
    return base::Error(
        base::Code::config_invalid,
        "'" + std::string(text) + "' is not an IP address and a port, like 127.0.0.1:1337.");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(host, error);
  if (error || ip.is_v6() != bracketed) return wrong();
  ListenAddress address;
  address.host = host;
  const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (failure != std::errc() || end != digits.data() + digits.size()) return wrong();
  return address;
}

}  // namespace kronborg::http

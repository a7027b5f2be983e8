#include "http/client_url.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace kronborg::http {

namespace {

base::Error wrong(std::string_view text, std::string_view why) {
  return {base::Code::config_invalid,
          "\"" + base::printable(text) +
              "\" is not the address of an upstream: " + std::string(why) + ".",
          "Write http://host:port, https://host or unix:/path/to.sock."};
}

bool is_host_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool is_path_byte(char c) {
  return c > 0x20 && c < 0x7F &&
         std::string_view("?#\\\"<>%{}|^`").find(c) == std::string_view::npos;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
    return {};
  return static_cast<std::uint16_t>(value);
}

/// `host`, `host:port`, `[v6]` or `[v6]:port` into `url`; what is wrong with it, or nothing.
std::optional<std::string_view> read_authority(std::string_view authority, UpstreamUrl& url) {
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return "the bracket of the IPv6 address is not closed";
    url.host = authority.substr(1, close - 1);
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(url.host, error);
    if (error) return "there is no IPv6 address between the brackets";
    const std::string_view after = authority.substr(close + 1);
    if (!after.empty() && !after.starts_with(':')) return "only a port may follow the bracket";
    has_port = !after.empty();
    if (has_port) port = after.substr(1);
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = authority.substr(colon + 1);
    if (url.host.empty()) return "it names no host";
    if (!std::ranges::all_of(url.host, is_host_byte))
      return "the host has a character that no name has";
  }
  url.port = url.tls ? 443 : 80;
  if (has_port) {
    const auto number = port_of(port);
    if (!number) return "the port is not a number from 1 to 65535";
    url.port = *number;
  }
  url.host_field = authority;
  return {};
}

}  // namespace

base::Result<UpstreamUrl> parse_upstream_url(std::string_view text) {
  UpstreamUrl url;
  if (text.starts_with("unix:")) {
    url.unix_path = text.substr(5);
    // sockaddr_un has room for 108 bytes, the last of which is NUL.
    if (!url.unix_path.starts_with('/') || url.unix_path.size() > 107 ||
        url.unix_path.find('\0') != std::string::npos) {
      return wrong(text, "unix: is followed by an absolute path of at most 107 bytes");
    }
    url.host_field = "localhost";
    return url;
  }
  std::string_view rest;
  if (text.starts_with("http://")) {
    rest = text.substr(7);
  } else if (text.starts_with("https://")) {
    rest = text.substr(8);
    url.tls = true;
  } else {
    return wrong(text, "it begins with none of http://, https://, unix:");
  }
  if (rest.find('@') != std::string_view::npos) {
    return wrong("…",
                 "a user name or password does not belong here; set gate.upstream.authorization");
  }
  const std::size_t slash = rest.find('/');
  if (const auto why = read_authority(rest.substr(0, slash), url)) return wrong(text, *why);
  if (slash != std::string_view::npos) {
    url.base_path = rest.substr(slash);
    while (url.base_path.ends_with('/')) url.base_path.pop_back();
    if (!std::ranges::all_of(url.base_path, is_path_byte) ||
        url.base_path.find("//") != std::string::npos ||
        (url.base_path + '/').find("/./") != std::string::npos ||
        (url.base_path + '/').find("/../") != std::string::npos) {
      return wrong(text, "its path has to be plain segments without query, fragment or escapes");
    }
  }
  return url;
}

}  // namespace kronborg::http

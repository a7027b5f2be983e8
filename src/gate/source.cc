#include "gate/source.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace kronborg::gate {

namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool is_proxy(const Settings& settings, std::string_view address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  return !error && std::ranges::find(settings.proxies, parsed) != settings.proxies.end();
}

bool is_host_text(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// `localhost`, `127.0.0.1` or `[::1]`, alone or with the port that this connection came in by.
bool is_loopback_host(std::string_view host, std::uint16_t port) {
  static constexpr std::array<std::string_view, 3> names{"localhost", "127.0.0.1", "[::1]"};
  return std::ranges::any_of(names, [&](std::string_view name) {
    if (!base::equal_ignoring_case(host.substr(0, name.size()), name)) return false;
    const std::string_view after = host.substr(name.size());
    return after.empty() || after == ":" + std::to_string(port);
  });
}

}  // namespace

bool is_behind_proxy(const Settings& settings, const http::Peer& peer) {
  return !settings.proxies.empty() && is_proxy(settings, peer.address);
}

std::string_view source_address(const Settings& settings, const http::Exchange& exchange) {
  const http::Peer& peer = exchange.peer();
  if (!is_behind_proxy(settings, peer)) return peer.address;
  const auto& fields = exchange.request().fields;
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (!base::equal_ignoring_case(field->name, "x-forwarded-for")) continue;
    std::string_view list = field->value;
    while (!list.empty()) {
      const std::size_t comma = list.rfind(',');
      const std::string_view last =
          trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
      boost::system::error_code error;
      boost::asio::ip::make_address(last, error);
      if (error) return peer.address;
      if (!is_proxy(settings, last)) return last;
      list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
    }
  }
  return peer.address;
}

bool is_trusted_loopback(const Settings& settings, const http::Exchange& exchange) {
  return !exchange.request().secret(http::SecretField::authorization) &&
         is_from_trusted_loopback(settings, exchange);
}

bool is_encrypted(const Settings& settings, const http::Exchange& exchange) {
  const http::Peer& peer = exchange.peer();
  return peer.tls || peer.sealed ||
         (is_behind_proxy(settings, peer) &&
          exchange.request().field("x-forwarded-proto") == "https");
}

bool is_from_trusted_loopback(const Settings& settings, const http::Exchange& exchange) {
  if (!settings.trust_loopback || !settings.loopback_only_listeners) return false;
  const http::Peer& peer = exchange.peer();
  const http::RequestHead& request = exchange.request();
  if (peer.unix_socket || peer.sealed || (peer.address != "127.0.0.1" && peer.address != "::1"))
    return false;
  if (!is_loopback_host(request.host, peer.local_port)) return false;
  const auto origin = request.field("origin");
  if (origin && *origin != settings.origin) return false;
  const auto site = request.field("sec-fetch-site");
  if (site && *site != "same-origin" && *site != "none") return false;
  static constexpr std::array<std::string_view, 5> signs_of_a_proxy{
      "x-osaurus-relay-origin", "forwarded", "x-forwarded-for", "x-real-ip", "via"};
  return std::ranges::none_of(
      signs_of_a_proxy, [&](std::string_view name) { return request.field(name).has_value(); });
}

void append_forwarded_fields(std::string& out, const Settings& settings,
                             const http::Exchange& exchange) {
  const http::Peer& peer = exchange.peer();
  const http::RequestHead& request = exchange.request();
  const bool proxied = is_behind_proxy(settings, peer);
  out.append("X-Forwarded-For: ");
  std::string_view proto = peer.tls ? "https" : "http";
  std::string_view host = request.host;
  if (proxied) {
    for (const http::Field& field : request.fields) {
      if (base::equal_ignoring_case(field.name, "x-forwarded-for"))
        out.append(field.value).append(", ");
    }
    const auto said_proto = request.field("x-forwarded-proto");
    if (said_proto == "http" || said_proto == "https") proto = *said_proto;
    const auto said_host = request.field("x-forwarded-host");
    if (said_host && is_host_text(*said_host)) host = *said_host;
  }
  // RFC 7239 section 6.2 has this word for a peer without an address.
  out.append(peer.unix_socket ? "unknown" : std::string_view(peer.address)).append("\r\n");
  append_line(out, "X-Forwarded-Proto", proto);
  append_line(out, "X-Forwarded-Host", host);
}

}  // namespace kronborg::gate

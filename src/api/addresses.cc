#include "api/addresses.h"

#include <algorithm>
#include <string_view>

namespace kronborg::api {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";

std::string host_of(std::string_view origin) {
  origin.remove_prefix(std::min(origin.size(), origin.find("://") + 3));
  const bool bracketed = origin.starts_with('[');
  if (bracketed) origin.remove_prefix(1);
  std::string host(origin.substr(0, origin.find(bracketed ? ']' : ':')));
  std::ranges::replace(host, ':', '-');
  return host;
}

bool is_ip_address(std::string_view host) {
  const bool six = host.find('-') != std::string_view::npos &&
                   host.find_first_not_of(std::string(hex_digits) + "-") == std::string_view::npos;
  return six || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string reversed_labels(std::string_view host) {
  if (is_ip_address(host)) return std::string(host);
  std::string reversed;
  while (true) {
    const auto dot = host.rfind('.');
    reversed += dot == std::string_view::npos ? host : host.substr(dot + 1);
    if (dot == std::string_view::npos) return reversed;
    reversed += '.';
    host = host.substr(0, dot);
  }
}

}  // namespace

Addresses::Addresses(const Settings& settings)
    : origin(settings.origin),
      host(host_of(origin)),
      reversed(reversed_labels(host)),
      guide(origin + "/auth.md"),
      openapi(origin + (settings.owns_docs ? "/openapi.json" : "/oresundspace/openapi.json")),
      mcp(origin + (settings.owns_mcp ? "/mcp" : "/oresundspace/mcp")),
      mcp_card(mcp + "/server-card"),
      a2a(origin + (settings.owns_a2a ? "/a2a" : "/oresundspace/a2a")),
      agent_card(origin + (settings.owns_a2a ? "/.well-known/agent-card.json"
                                             : "/oresundspace/agent-card.json")) {}

}  // namespace kronborg::api

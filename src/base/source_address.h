#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace kronborg::base {

/// Whom a limit is counted for (docs/protocol/http.md section 1.1): an IPv4 address, or the /64 of
/// an IPv6 address. IPv4 written as IPv6 is IPv4; a zone is left out. All texts that are no
/// addresses (Unix sockets have none) are one source.
struct Source {
  enum class Kind : std::uint8_t { other, ipv4, ipv6 };
  Kind kind = Kind::other;
  std::uint64_t network = 0;

  auto operator<=>(const Source&) const = default;
  bool operator==(const Source&) const = default;
};
Source source_of(std::string_view address);

/// Loopback, private (RFC 1918, RFC 6598, ULA) or link-local (docs/protocol/pairing.md section 5).
/// false for texts that are no addresses.
bool is_local_address(std::string_view address);

}  // namespace kronborg::base

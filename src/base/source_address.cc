#include "base/source_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>

namespace kronborg::base {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_ipv4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8U | byte;
  return number;
}

struct Parsed {
  Source::Kind kind = Source::Kind::other;
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4: the first four

  [[nodiscard]] std::span<const std::uint8_t> network() const {
    return std::span(bytes).first(kind == Source::Kind::ipv4 ? 4 : 8);
  }
};

std::optional<Parsed> parse(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));
  Parsed parsed;
  if (inet_pton(AF_INET, text.c_str(), parsed.bytes.data()) == 1) {
    parsed.kind = Source::Kind::ipv4;
    return parsed;
  }
  if (inet_pton(AF_INET6, text.c_str(), parsed.bytes.data()) != 1) return std::nullopt;
  parsed.kind = Source::Kind::ipv6;
  if (std::ranges::equal(std::span(parsed.bytes).first(mapped_ipv4.size()), mapped_ipv4)) {
    parsed.kind = Source::Kind::ipv4;
    std::copy(parsed.bytes.begin() + mapped_ipv4.size(), parsed.bytes.end(), parsed.bytes.begin());
  }
  return parsed;
}

struct Block {
  std::uint32_t network;
  unsigned prefix;
};
constexpr std::array<Block, 6> local_ipv4{
    Block{.network = 0x7F000000, .prefix = 8},    // loopback, 127/8
    Block{.network = 0x0A000000, .prefix = 8},    // RFC 1918, 10/8
    Block{.network = 0xAC100000, .prefix = 12},   // RFC 1918, 172.16/12
    Block{.network = 0xC0A80000, .prefix = 16},   // RFC 1918, 192.168/16
    Block{.network = 0x64400000, .prefix = 10},   // RFC 6598, 100.64/10
    Block{.network = 0xA9FE0000, .prefix = 16}};  // RFC 3927, 169.254/16

bool is_local_ipv6(const std::array<std::uint8_t, 16>& bytes) {
  std::array<std::uint8_t, 16> loopback{};
  loopback.back() = 1;
  return bytes == loopback || (bytes[0] & 0xFEU) == 0xFC ||  // RFC 4193, fc00::/7
         (bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80);   // RFC 4291, fe80::/10
}

}  // namespace

Source source_of(std::string_view address) {
  const auto parsed = parse(address);
  if (!parsed) return {};
  return {.kind = parsed->kind, .network = big_endian(parsed->network())};
}

bool is_local_address(std::string_view address) {
  const auto parsed = parse(address);
  if (!parsed) return false;
  if (parsed->kind == Source::Kind::ipv6) return is_local_ipv6(parsed->bytes);
  const auto number = static_cast<std::uint32_t>(big_endian(parsed->network()));
  return std::ranges::any_of(local_ipv4, [number](const Block& block) {
    return (number ^ block.network) >> (32 - block.prefix) == 0;
  });
}

}  // namespace kronborg::base

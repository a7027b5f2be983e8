#include "api/paging.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/hash.h"

namespace kronborg::api {
namespace {

constexpr std::string_view prefix = "c1.";
constexpr std::size_t position_bytes = 8;

}  // namespace

std::array<std::uint8_t, 16> Cursors::bytes(std::string_view list, std::int64_t position) const {
  std::array<std::uint8_t, 16> out{};
  auto rest = static_cast<std::uint64_t>(position);
  for (std::size_t i = position_bytes; i > 0; --i, rest >>= 8U) out[i - 1] = rest & 0xFFU;
  base::Bytes message(base::bytes_of(list).begin(), base::bytes_of(list).end());
  message.insert(message.end(), out.begin(), out.begin() + position_bytes);
  const auto mac = crypto::hmac_sha256(key_, message);
  std::copy_n(mac.begin(), out.size() - position_bytes, out.begin() + position_bytes);
  return out;
}

std::string Cursors::write(std::string_view list, std::int64_t position) const {
  return std::string(prefix) + base::base64url(bytes(list, position));
}

base::Result<std::int64_t> Cursors::read(std::string_view list, std::string_view cursor) const {
  if (!cursor.starts_with(prefix)) return base::Code::cursor_invalid;
  const auto given = base::base64url_strict(cursor.substr(prefix.size()));
  if (!given || given->size() != 2 * position_bytes) return base::Code::cursor_invalid;
  std::uint64_t position = 0;
  for (std::size_t i = 0; i < position_bytes; ++i) position = position << 8U | (*given)[i];
  const auto expected = bytes(list, static_cast<std::int64_t>(position));
  if (!base::equal_in_constant_time(*given, expected)) return base::Code::cursor_invalid;
  return static_cast<std::int64_t>(position);
}

}  // namespace kronborg::api

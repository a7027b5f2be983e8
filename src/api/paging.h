#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kronborg::api {

/// Cursors of lists (docs/protocol/http.md section 13): `c1.` + base64url (8-byte position, then 8
/// bytes of HMAC-SHA-256 over list id and position under the server's key). Not a secret; a cursor
/// of one list does not fit another.
class Cursors {
 public:
  explicit Cursors(const std::array<std::uint8_t, 32>& key) : key_(key) {}

  [[nodiscard]] std::string write(std::string_view list, std::int64_t position) const;
  /// Error: cursor_invalid.
  [[nodiscard]] base::Result<std::int64_t> read(std::string_view list,
                                                std::string_view cursor) const;

 private:
  [[nodiscard]] std::array<std::uint8_t, 16> bytes(std::string_view list,
                                                   std::int64_t position) const;

  std::array<std::uint8_t, 32> key_;
};

}  // namespace kronborg::api

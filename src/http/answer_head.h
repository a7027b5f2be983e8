#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace kronborg::http {

/// `HTTP/1.1 200 OK` and CRLF.
void append_status_line(std::string& out, int status);
/// `name: value` and CRLF. Control bytes, which would start another field, become spaces.
void append_field(std::string& out, std::string_view name, std::string_view value);
void append_number_field(std::string& out, std::string_view name, std::uint64_t value);
/// The size line of one chunk.
void append_chunk_size(std::string& out, std::size_t size);

/// Standard fields that never vary (docs/protocol/http.md section 8), each with its CRLF.
inline constexpr std::string_view fixed_standard_fields =
    "API-Version: 1\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
inline constexpr std::string_view strict_transport_field =
    "Strict-Transport-Security: max-age=31536000\r\n";

/// Whether an answer of this status may have a body and the fields that describe one.
constexpr bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace kronborg::http

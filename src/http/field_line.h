#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace kronborg::http {

/// One line of a head, up to its CRLF.
struct Line {
  std::string_view text;     ///< without CRLF
  std::size_t consumed = 0;  ///< with it
};

/// The line at the start of `data`; nothing while its LF has not come. The text may still hold a
/// bare CR or a NUL, which the readers of its parts refuse. Error: malformed_request for an LF
/// without CR.
base::Result<std::optional<Line>> next_line(std::string_view data);

/// `name: value` (RFC 9112 section 5). nothing: white space before the colon, obs-fold, a name that
/// is not a token, or a control byte in the value.
std::optional<Field> parse_field_line(std::string_view line);

/// Without SP and HTAB at both ends.
std::string_view trim_white_space(std::string_view text);

/// Calls `take` with each member of a comma-separated list, trimmed; empty members are left out.
template <class Take>
void for_each_member(std::string_view list, Take&& take) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto member = trim_white_space(list.substr(0, comma));
    if (!member.empty()) take(member);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

/// 1 to 18 decimal digits and nothing else.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

/// A-Z equal a-z. `lower` must be in lower case already.
bool equals_lower(std::string_view text, std::string_view lower);

}  // namespace kronborg::http

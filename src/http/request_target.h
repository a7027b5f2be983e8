#pragma once

#include <string_view>

#include "http/message.h"

namespace kronborg::http {

/// Judges the request target (RFC 9112 section 3.2, docs/protocol/http.md section 2) and fills
/// target, path and query of `head`. An absolute form is reduced to its origin form; its authority
/// is put into `authority`, which the caller compares with Host. false: malformed.
bool read_target(std::string_view method, std::string_view raw, RequestHead& head,
                 std::string_view& authority);

/// host [":" port]: a name, an IPv4 address or an IPv6 address in brackets.
bool is_host(std::string_view text);

}  // namespace kronborg::http

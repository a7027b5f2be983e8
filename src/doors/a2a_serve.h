#pragma once

#include <boost/asio/awaitable.hpp>

#include "doors/a2a.h"
#include "doors/space_stream.h"
#include "http/exchange.h"

namespace kronborg::doors {

/// Answers one request to the A2A door; a stream lives as long as the client, the key, the space or
/// the life of a stream (docs/protocol/http.md section 3). `allowed_origin`: of the page that may
/// read it; empty: none.
boost::asio::awaitable<void> serve_a2a(const Loop& loop, http::Exchange& exchange,
                                       const A2aDoor& door, const DoorRequest& request,
                                       std::string_view allowed_origin);

}  // namespace kronborg::doors

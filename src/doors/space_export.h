#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <filesystem>

#include "api/router.h"
#include "doors/space_stream.h"
#include "http/exchange.h"

namespace kronborg::doors {

/// Exports that may be written at one time; one more is answered 503. A snapshot of the store is
/// open while one is written, not while a slow client reads it.
inline constexpr int most_exports = 4;

/// Lets the request in, writes the export into a file without a name in `folder`, and sends that.
boost::asio::awaitable<void> serve_space_export(const Loop& loop, http::Exchange& exchange,
                                                api::Request request,
                                                const std::filesystem::path& folder);

}  // namespace kronborg::doors

#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>

#include "api/router.h"
#include "doors/space_stream.h"
#include "http/exchange.h"

namespace kronborg::doors {

/// Makes an answer on a worker. `resumed`: it was counted and let in before. `held` null: what may
/// wait is answered as it stands; else it is filled when the answer is worth waiting for.
using MakeAnswer = std::function<http::Answer(bool resumed, std::optional<api::Held>* held)>;

/// Responds with what `make` makes, which may take a while (`wait`): the answer is made anew when
/// something happens in the space that it waits for, or its key ends, and at last when the time is
/// over. Nothing is sent to a client that has gone.
boost::asio::awaitable<void> answer_held(const Loop& loop, http::Exchange& exchange,
                                         MakeAnswer make);

}  // namespace kronborg::doors

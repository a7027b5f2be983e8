#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "http/exchange.h"

namespace kronborg::app {

/// An OpenAI-compatible upstream without a model: `/v1/models` and `/v1/chat/completions`
/// (streaming too) answer with the last message of the user. Model `echo` answers at once,
/// `echo-slow` one word every 100 ms, so that an aborted stream can be tried. One instance per
/// event loop.
std::unique_ptr<http::Service> make_demo_upstream(const base::Clock& clock, base::Random& random,
                                                  boost::asio::io_context& loop);

}  // namespace kronborg::app

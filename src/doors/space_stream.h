#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/router.h"
#include "doors/space_readers.h"
#include "http/exchange.h"
#include "http/workers.h"

namespace kronborg::doors {

/// What the doors of one loop share.
struct Loop {
  boost::asio::io_context& context;
  http::Workers& workers;
  api::Router& router;
  SpaceReaders& readers;
};

inline constexpr std::size_t most_queued_bytes = std::size_t{1} << 20U;  ///< http.md section 16
inline constexpr std::chrono::seconds stream_life{3600};                 ///< http.md section 3

/// One reader's stream of server-sent events (docs/protocol/spaces.md section 8.4), on one
/// connection. What is heard before the snapshot has been sent waits behind it.
class SpaceStream final : public SpaceReader {
 public:
  SpaceStream(const Loop& loop, http::Exchange& exchange, std::unique_ptr<api::Reader> reader);
  ~SpaceStream() override;
  SpaceStream(const SpaceStream&) = delete;
  SpaceStream& operator=(const SpaceStream&) = delete;

  /// Serves until the client, the key, the space or the life of the stream ends.
  boost::asio::awaitable<void> serve();
  void hear(Heard& heard) override;
  void heard_all() override;

 private:
  enum class Ending : std::uint8_t { none, whole, cut };

  /// false: it was refused, and the refusal is the answer.
  boost::asio::awaitable<bool> begin();
  boost::asio::awaitable<bool> replay(std::int64_t until);
  boost::asio::awaitable<void> follow();
  void say(Heard& heard);
  void push(std::string_view text);
  void finish(Ending ending);

  const Loop& loop_;
  http::Exchange& exchange_;
  std::unique_ptr<api::Reader> reader_;  ///< until the stream is live
  const std::int64_t space_;
  const spaces::Uuid key_id_;
  const bool is_owner_;
  const bool for_browser_;
  const std::shared_ptr<void> place_;  ///< counted among the open streams
  boost::asio::steady_timer end_;
  std::int64_t last_ = 0;  ///< sequence number of the last message that was sent
  bool live_ = false;
  Ending ending_ = Ending::none;
  std::chrono::steady_clock::time_point spoke_at_;
  std::vector<spaces::Notice> early_;
  std::size_t early_bytes_ = 0;
};

/// Lets the request in and serves it.
boost::asio::awaitable<void> serve_space_stream(const Loop& loop, http::Exchange& exchange,
                                                std::unique_ptr<api::Request> request);

}  // namespace kronborg::doors

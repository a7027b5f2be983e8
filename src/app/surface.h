#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "api/known_key.h"
#include "api/pairing_door.h"
#include "api/router.h"
#include "app/app.h"
#include "app/channel_host.h"
#include "doors/a2a.h"
#include "doors/mcp.h"
#include "doors/space_stream.h"
#include "gate/gate.h"
#include "http/exchange.h"
#include "http/workers.h"

namespace kronborg::app {

/// What all event loops share. Everything in it outlives the surfaces.
struct SharedSurface {
  App& app;
  http::Workers& workers;
  std::shared_ptr<const gate::Settings> gate;
  uid_t owner = 0;  ///< user that owns the data folder
  std::function<bool()> draining;
  const doors::Mcp& mcp;
  const doors::A2aDoor& a2a;
  ChannelHost& channel;
};

/// One event loop's front door: checks Host and Origin, then hands the request to the management
/// API, the spaces, the discovery documents or the gate.
class Surface final : public http::Service {
 public:
  Surface(const SharedSurface& shared, boost::asio::io_context& loop);
  ~Surface() override;

  bool answer_now(http::Exchange& exchange) override;
  boost::asio::awaitable<void> answer(http::Exchange& exchange) override;
  http::Answer refuse(const base::Error& error, std::string_view request_id) override;

  /// Last use that has not reached the store yet; after the loop has ended.
  std::vector<authority::Usage> collect_usage() { return gate_.collect_usage(); }

 private:
  /// The refusal of steps 1 and 2 of http.md section 4, if there is one.
  std::optional<base::Error> check_origin(const http::Exchange& exchange, bool for_gate) const;
  [[nodiscard]] bool belongs_to_gate(const http::Exchange& exchange, std::string_view path) const;
  [[nodiscard]] bool has_metrics_access(const http::Exchange& exchange) const;
  [[nodiscard]] api::CallerKind caller(const http::Exchange& exchange) const;
  api::Request api_request(const http::Exchange& exchange, std::string_view path) const;
  void refuse_now(http::Exchange& exchange, const base::Error& error);
  boost::asio::awaitable<void> answer_api(http::Exchange& exchange);
  boost::asio::awaitable<void> stream_events(http::Exchange& exchange);
  // surface_spaces.cc
  /// GET /oresundspace/whoami that asks for nothing but the usual.
  [[nodiscard]] bool asks_plainly(const http::Exchange& exchange, std::string_view path) const;
  bool answer_known_key(http::Exchange& exchange);
  /// In the form of the surface that the path belongs to.
  void refuse_at_door(http::Exchange& exchange, const std::string& path, const base::Error& error);
  [[nodiscard]] std::string allowed_origin(const http::Exchange& exchange,
                                           std::string_view path) const;
  doors::DoorRequest door_request(const http::Exchange& exchange, std::string_view path) const;
  boost::asio::awaitable<void> answer_door(http::Exchange& exchange, std::string path);
  /// A stream lasts: what is needed at its beginning only must not lie in this coroutine's frame.
  boost::asio::awaitable<void> answer_space(http::Exchange& exchange, std::string path);
  boost::asio::awaitable<void> answer_export(http::Exchange& exchange, std::string path);
  boost::asio::awaitable<void> answer_waiting(http::Exchange& exchange, std::string path);
  [[nodiscard]] std::unique_ptr<api::Request> boxed_request(const http::Exchange& exchange,
                                                            std::string_view path) const;
  // surface_channel.cc
  [[nodiscard]] static bool is_for_channel(const http::Exchange& exchange, std::string_view path);
  boost::asio::awaitable<void> answer_channel(http::Exchange& exchange, std::string path);
  boost::asio::awaitable<void> answer_handshake(http::Exchange& exchange);
  /// Errors: those of the rows, body_too_large, overloaded, and of reading the body.
  boost::asio::awaitable<base::Result<channel::OpenedCall>> open_call(http::Exchange& exchange);
  boost::asio::awaitable<void> answer_call(http::Exchange& exchange);
  // surface_pairing.cc
  /// Nothing: the path is another one. Over a Unix socket and inside a Secure Channel nobody pairs.
  [[nodiscard]] static std::optional<api::PairingRoute> pairing_route_of(
      const http::Exchange& exchange);
  /// Nothing: it was refused, and has its answer.
  boost::asio::awaitable<std::optional<api::PairingCall>> read_pairing_call(
      http::Exchange& exchange);
  boost::asio::awaitable<void> answer_pairing(http::Exchange& exchange, api::PairingRoute route);
  /// POST /pair: waits for the owner, and holds no thread meanwhile.
  boost::asio::awaitable<void> answer_pair(http::Exchange& exchange, const api::PairingCall& call);
  /// `gone`: the client has left already. A key that did not get through is revoked.
  boost::asio::awaitable<void> deliver(http::Exchange& exchange, const api::PairingCall& call,
                                       api::PairingReply reply, bool gone);
  boost::asio::awaitable<void> revoke_undelivered(const api::PairingCall& call, std::string key_id);
  void schedule();
  void tick();

  SharedSurface shared_;
  boost::asio::io_context& loop_;
  gate::Gate gate_;
  api::KnownKey known_key_;
  doors::SpaceReaders readers_;
  doors::Loop doors_;
  boost::asio::steady_timer timer_;
  int ticks_ = 0;
};

}  // namespace kronborg::app

#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/verify.h"
#include "base/error.h"
#include "gate/refusal.h"
#include "gate/settings.h"
#include "http/client.h"
#include "http/exchange.h"
#include "http/parse.h"

namespace kronborg::gate {

namespace asio = boost::asio;

class Relay;
using RelayHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// What the relays of one event loop share. Views in the scratch end when a coroutine waits.
struct RelayRoom {
  const Settings& settings;
  const Refusals& refusals;
  boost::intrusive::list<Relay, boost::intrusive::base_hook<RelayHook>,
                         boost::intrusive::constant_time_size<false>>
      relays;
  http::ResponseHead answer_head;   // scratch
  std::vector<http::Field> fields;  // scratch
  std::vector<std::string> spare_heads;

  RelayRoom(const Settings& given_settings, const Refusals& given_refusals)
      : settings(given_settings), refusals(given_refusals) {}
  RelayRoom(const RelayRoom&) = delete;
  RelayRoom& operator=(const RelayRoom&) = delete;
  ~RelayRoom();
};

/// A request that may go on.
struct Admission {
  std::shared_ptr<http::UpstreamPool> pool;
  std::string head;  ///< as append_onward_head() wrote it; may hold the upstream's credential
  std::optional<authority::StreamTicket> ticket;  ///< nothing: nobody's key can be revoked
  bool websocket = false;
  bool cors = false;  ///< its page may read the answer
};

/// Carries one request to its upstream and the answer back, both as they come. In memory at a time:
/// one read of each direction. Lives in the coroutine of its exchange.
class Relay : public RelayHook {
 public:
  Relay(RelayRoom& room, http::Exchange& exchange, Admission admission);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Ends when the answer is queued, cut or refused and nothing of the exchange is in use any more.
  asio::awaitable<void> run();

  /// The loop's tick: begins to watch the client of a request that takes long (for a short one a
  /// watch would cost a system call), and cuts a revoked answer whose client does not read.
  void tick();
  [[nodiscard]] const std::optional<authority::StreamTicket>& ticket() const {
    return admission_.ticket;
  }
  /// The key died: docs/protocol/identity.md section 8, "Streams".
  void revoke(base::Error error);

 private:
  /// What came of asking the upstream once.
  enum class Asked : std::uint8_t { answered, switched, again, failed };
  enum class BodyEnd : std::uint8_t { open, whole, broken };

  // relay.cc: asking
  asio::awaitable<Asked> ask(bool fresh);
  asio::awaitable<void> send_with_body();
  /// Reads heads in `bytes`; nothing: the head is not complete yet.
  std::optional<Asked> hear(std::string_view bytes);
  [[nodiscard]] bool may_repeat() const;
  [[nodiscard]] bool is_over() const { return failure_ || revoked_ || client_gone_; }
  [[nodiscard]] base::Error failure() const;
  void refuse();
  void watch_client();
  void stop_upstream();

  // relay_answer.cc: the way back
  Asked begin_answer(const http::ResponseHead& head, std::string_view rest);
  Asked switch_protocol(const http::ResponseHead& head, std::string_view rest);
  http::Framing frame(const http::ResponseHead& head);
  void note_event_stream(const http::ResponseHead& head);
  void take_body(std::string_view bytes);
  void take_chunks(std::string_view bytes);
  void put(std::string_view bytes);
  asio::awaitable<void> relay_body();
  asio::awaitable<bool> flush();
  void end_revoked();

  // relay_upload.cc: the way there, beside the way back
  void start_second(asio::awaitable<void> work);
  asio::awaitable<void> upload();
  asio::awaitable<bool> send_piece(std::string_view piece);
  /// The head, for the first to ask; it goes out in one packet with the first piece if it can.
  std::string_view take_head();
  /// Judges one piece of the body; false: no more of it is wanted.
  bool accept_piece(std::size_t size);
  asio::awaitable<void> finish_second();
  asio::awaitable<void> wait_for_event();

  // relay_tunnel.cc: after 101
  asio::awaitable<void> tunnel();
  asio::awaitable<void> client_to_upstream();

  RelayRoom& room_;
  http::Exchange& exchange_;
  Admission admission_;
  std::unique_ptr<http::UpstreamConnection> connection_;  // ends before its pool in admission_

  std::optional<base::Error> failure_;  ///< known already; else it is the connection's
  std::optional<base::Error> revoked_;
  bool client_gone_ = false;
  bool watched_ = false;
  bool heard_ = false;  ///< a byte of the answer has come
  int interim_ = 0;     ///< 1xx answers so far

  // The answer.
  http::ChunkedReader chunks_;
  std::uint64_t left_ = 0;  ///< of a body of known length
  bool chunked_ = false;
  bool until_close_ = false;
  bool keep_upstream_ = false;
  bool event_stream_ = false;
  bool ends_with_server_ = false;  ///< a stream that has no end of its own
  bool draining_ = false;
  bool flushing_ = false;
  BodyEnd body_end_ = BodyEnd::open;
  bool between_events_ = true;  ///< of an event stream
  std::string early_;           ///< first bytes of a tunnel

  // The second coroutine: the request's body, or the client's side of a tunnel.
  std::optional<asio::steady_timer> event_;
  asio::cancellation_signal stop_;
  bool second_running_ = false;
  bool head_taken_ = false;
  bool head_in_flight_ = false;
  bool upload_stopped_ = false;  ///< the upstream takes no more
  bool upload_whole_ = true;
  bool answer_over_ = false;
  std::uint64_t received_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace kronborg::gate

#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>

#include "http/event_loop.h"
#include "http/exchange.h"
#include "http/input_buffer.h"
#include "http/parse.h"
#include "http/stream.h"

namespace kronborg::http {

/// One connection: reads requests in order, lets the loop's service answer them, writes the
/// answers. It is the Exchange of each of its requests in turn. Lives as long as its coroutine or
/// an operation on its socket; only on its loop's thread.
class Connection final : public Exchange, public std::enable_shared_from_this<Connection> {
 public:
  Connection(EventLoop& loop, Stream stream, Peer peer);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Serves until the connection ends. `tls` (or null) is used for the handshake only.
  asio::awaitable<void> run(std::shared_ptr<asio::ssl::context> tls);

  // The loop's calls.
  void judge_deadlines();
  void drain();
  void cut_off();

  // Exchange: the request.
  [[nodiscard]] const RequestHead& request() const override { return head_; }
  [[nodiscard]] const Peer& peer() const override { return peer_; }
  [[nodiscard]] std::string_view request_id() const override { return request_id_; }
  [[nodiscard]] asio::any_io_executor executor() const override;
  asio::awaitable<base::Result<std::span<const std::uint8_t>>> read_body_some() override;
  asio::awaitable<base::Result<std::string>> read_body(std::size_t limit_bytes) override;
  void set_body_pace(bool strict) override { strict_pace_ = strict; }

  // Exchange: the answer.
  void respond(const Answer& answer) override;
  void respond_prepared(std::string_view status_and_fields, std::string_view body) override;
  void start(int status, std::span<const Field> fields, Framing framing,
             std::uint64_t content_length, bool standard) override;
  void put(std::string_view body_bytes) override;
  asio::awaitable<bool> flush() override;
  bool queue(std::string_view body_bytes, std::size_t most_queued) override;
  bool send_queued() override;
  void rest() override;
  void end() override;
  void cut() override;
  [[nodiscard]] bool started() const override { return turn_.started; }
  void when_client_leaves(std::function<void()> gone) override;
  void when_draining(std::function<void()> draining) override { draining_ = std::move(draining); }
  void set_route(std::string_view route) override;
  void set_credential_id(std::string_view id) override;
  asio::awaitable<std::span<const std::uint8_t>> read_raw_some() override;
  asio::awaitable<bool> write_raw(std::span<const std::uint8_t> bytes) override;

 private:
  enum class Next : std::uint8_t { request, more_bytes, refused };
  enum class Ending : std::uint8_t { keep, close, linger, reset };
  /// What a read that has begun waits for; decides its deadline.
  enum class Wait : std::uint8_t { nothing, handshake, idle, head, body, drop, raw };

  /// What begins anew with each request.
  struct Turn {
    bool open = false;     ///< between begin_exchange() and finish_exchange()
    bool started = false;  ///< the head of the answer is queued
    bool ended = false;
    bool raw = false;           ///< after 101
    bool continue_due = false;  ///< 100 Continue was asked for and not sent
    bool body_done = false;     ///< the request's body has been read
    bool body_failed = false;
    bool body_begun = false;  ///< more of it than came with the head was asked for
    Framing framing = Framing::none;
    bool discard_body = false;  ///< of the answer: HEAD, 204, 304
    int status = 0;
    std::uint64_t answer_left = 0;
    std::uint64_t answer_bytes = 0;
    std::uint64_t body_left = 0;
    TimePoint started_at;  ///< with on_access only
  };

  // connection.cc
  asio::awaitable<void> serve();
  Next next_head();
  void begin_exchange();
  bool answer_at_once();
  asio::awaitable<void> answer_later();
  void answer_failed(std::string_view what);
  void missing_answer();
  asio::awaitable<void> settle();
  void finish_exchange();
  void refuse(const base::Error& error);
  void await_head();
  bool head_bytes_came(std::size_t count);
  asio::awaitable<void> say_goodbye();
  void choose_request_id();
  void wipe_secrets();
  /// Drops the views that would outlive the bytes.
  void forget_head();
  Answer refusal(const base::Error& error);
  /// Nothing is left to do for the request but to forget it.
  [[nodiscard]] bool settled() const { return turn_.ended && turn_.body_done && !turn_.raw; }

  // connection_body.cc
  asio::awaitable<bool> fill(InputBuffer& buffer, Wait wait);
  InputBuffer& body_buffer() { return in_.empty() ? extra_ : in_; }
  base::Result<std::string_view> take_body();
  asio::awaitable<base::Result<void>> more_body();
  asio::awaitable<void> drop_body();
  void begin_body();

  // connection_answer.cc
  bool begin_answer(int status);
  void decide_ending();
  void append_framing(std::uint64_t content_length);
  void append_last_fields();
  bool send_at_once();

  // connection_watch.cc
  void watch();
  void look_at_client();
  void client_left();
  [[nodiscard]] bool read_is_late(TimePoint now) const;

  EventLoop& loop_;
  Stream stream_;
  const Peer peer_;
  std::list<Connection*>::iterator place_;

  InputBuffer in_;               ///< the head, and what came with it
  InputBuffer extra_;            ///< more of the body, while in_ keeps the head
  std::size_t parsed_size_ = 0;  ///< unread bytes at the last, incomplete parse
  RequestHead head_;
  ChunkedReader chunked_;
  std::string_view request_id_;
  std::array<char, 64> request_id_text_{};

  std::string out_;      ///< queued
  std::string sending_;  ///< being written
  Turn turn_;
  Ending ending_ = Ending::keep;
  bool broken_ = false;  ///< nothing can be sent any more
  bool served_ = false;  ///< a request was read before
  bool strict_pace_ = true;

  bool reading_ = false;
  Wait wait_ = Wait::nothing;  ///< what the read is for; kept between two reads of one head
  TimePoint wait_since_;
  bool read_timed_out_ = false;
  TimePoint body_since_;
  std::uint64_t body_received_ = 0;
  bool writing_ = false;
  TimePoint write_since_;

  std::function<void()> gone_;
  std::function<void()> draining_;
  bool watching_ = false;  ///< a wait on the socket is pending
  bool polled_ = false;    ///< behind bytes sent ahead: the tick asks
  std::string route_;
  std::string credential_id_;
};

}  // namespace kronborg::http

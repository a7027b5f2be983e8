#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "channel/frames.h"
#include "channel/inner.h"
#include "channel/sessions.h"
#include "http/exchange.h"
#include "http/workers.h"

namespace kronborg::doors {

/// The request inside a Secure Channel as an exchange of its own, so that whoever answers plain
/// requests answers it under the same rules (docs/protocol/secure-channel.md sections 2 and 3). Its
/// head went through the one parser of heads; Host and source are those of the outer request; its
/// answer is sealed on its way to the outer one, whole or frame by frame. Lives in the coroutine of
/// the outer exchange.
class SealedExchange final : public http::Exchange {
 public:
  /// Row 6 of the table of calls. Error: secure_malformed. The number of the call stays used.
  static base::Result<std::unique_ptr<SealedExchange>> open(http::Exchange& outer,
                                                            channel::OpenedCall call);
  ~SealedExchange() override;
  SealedExchange(const SealedExchange&) = delete;
  SealedExchange& operator=(const SealedExchange&) = delete;

  /// To be called when the answer is made: seals a whole one (a large one on a worker) and queues
  /// it.
  http::asio::awaitable<void> finish(http::Workers& workers);

  // http::Exchange
  [[nodiscard]] const http::RequestHead& request() const override { return head_; }
  [[nodiscard]] const http::Peer& peer() const override { return peer_; }
  [[nodiscard]] std::string_view request_id() const override { return outer_.request_id(); }
  [[nodiscard]] http::asio::any_io_executor executor() const override { return outer_.executor(); }
  http::asio::awaitable<base::Result<std::span<const std::uint8_t>>> read_body_some() override;
  http::asio::awaitable<base::Result<std::string>> read_body(std::size_t limit_bytes) override;
  void respond(const http::Answer& answer) override;
  void respond_prepared(std::string_view status_and_fields, std::string_view body) override;
  void start(int status, std::span<const http::Field> fields, http::Framing framing,
             std::uint64_t content_length, bool standard) override;
  void put(std::string_view body_bytes) override;
  http::asio::awaitable<bool> flush() override;
  bool queue(std::string_view body_bytes, std::size_t most_queued) override;
  bool send_queued() override { return outer_.send_queued(); }
  void rest() override;
  void end() override;
  void cut() override;
  [[nodiscard]] bool started() const override { return started_; }
  void when_client_leaves(std::function<void()> gone) override {
    outer_.when_client_leaves(std::move(gone));
  }
  void when_draining(std::function<void()> draining) override;
  void set_credential_id(std::string_view id) override { outer_.set_credential_id(id); }
  http::asio::awaitable<std::span<const std::uint8_t>> read_raw_some() override;
  http::asio::awaitable<bool> write_raw(std::span<const std::uint8_t> bytes) override;

 private:
  SealedExchange(http::Exchange& outer, channel::OpenedCall& call, channel::InnerRequest& inner);
  base::Result<void> parse();
  void begin(int status, std::string_view content_type, bool length_known,
             std::uint64_t content_length);
  std::string seal_whole();
  void send_whole(std::string body);

  http::Exchange& outer_;
  channel::AnswerSealer sealer_;
  base::SecretText head_text_;
  std::optional<base::SecretText> body_;
  http::RequestHead head_;
  http::Peer peer_;
  bool body_read_ = false;

  // The answer.
  int status_ = 0;
  std::string content_type_;
  std::string whole_;           ///< body of an answer that is not streamed; wiped at the end
  std::uint64_t promised_ = 0;  ///< bytes that a body of known length still lacks
  bool discard_body_ = false;   ///< HEAD, 204, 304
  bool streamed_ = false;
  bool started_ = false;
  bool ended_ = false;
  bool sent_ = false;
  bool broken_ = false;   ///< a frame could not be queued: the stream has a gap
  bool stopped_ = false;  ///< the server stops and this stream would go on
};

}  // namespace kronborg::doors

#include "doors/sealed_exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "http/parse.h"

namespace kronborg::doors {
namespace {

namespace asio = http::asio;
using base::Code;

/// A whole answer is held in memory; longer ones of a good status are streamed.
constexpr std::uint64_t most_whole_bytes = 16U << 20U;
/// What takes longer to seal leaves the event loop.
constexpr std::size_t most_sealed_here = 128U << 10U;
/// Of one frame; a client need not hold more.
constexpr std::size_t most_frame = std::size_t{1} << 20U;
constexpr http::Field sealed_mark{"X-Osaurus-Secure-Channel", "1"};

base::Error malformed() { return {Code::secure_malformed, "Malformed inner request"}; }

bool is_event_stream(std::string_view content_type) {
  static constexpr std::string_view name = "text/event-stream";
  if (!base::equal_ignoring_case(content_type.substr(0, name.size()), name)) return false;
  const std::string_view after = content_type.substr(name.size());
  return after.empty() || after.front() == ';' || after.front() == ' ';
}

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

/// What the outer request says of where it came from: it holds for the one inside as well.
channel::OuterFields outer_fields(const http::RequestHead& head) {
  channel::OuterFields outer{.host = head.host,
                             .user_agent = head.field("user-agent").value_or(""),
                             .relayed = head.field("x-osaurus-relay-origin").has_value(),
                             .relay_origin = head.field("x-osaurus-relay-origin").value_or("")};
  static constexpr std::array<std::string_view, 6> of_the_way{
      "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip", "via"};
  for (const http::Field& field : head.fields) {
    const auto is_this = [&](std::string_view name) {
      return base::equal_ignoring_case(field.name, name);
    };
    if (std::ranges::any_of(of_the_way, is_this)) {
      outer.forwarded.emplace_back(field.name, field.value);
    }
  }
  return outer;
}

/// Value of a field in a head that somebody has written out.
std::string_view field_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head = end == std::string_view::npos ? std::string_view{} : head.substr(end + 2);
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        !base::equal_ignoring_case(line.substr(0, name.size()), name)) {
      continue;
    }
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

}  // namespace

SealedExchange::SealedExchange(http::Exchange& outer, channel::OpenedCall& call,
                               channel::InnerRequest& inner)
    : outer_(outer),
      sealer_(std::move(call.response_key), std::move(call.sid), call.seq),
      head_text_(channel::head_of(inner, outer_fields(outer.request()))),
      body_(std::move(inner.body)),
      peer_(outer.peer()) {
  peer_.sealed = true;
}

SealedExchange::~SealedExchange() {
  // They may lead here.
  outer_.when_client_leaves({});
  outer_.when_draining({});
  base::wipe(whole_.data(), whole_.size());
}

base::Result<std::unique_ptr<SealedExchange>> SealedExchange::open(http::Exchange& outer,
                                                                   channel::OpenedCall call) {
  TRY(auto inner, channel::read_inner_request(call.inner.reveal()));
  std::unique_ptr<SealedExchange> made(new SealedExchange(outer, call, inner));
  TRY_VOID(made->parse());
  return made;
}

base::Result<void> SealedExchange::parse() {
  std::size_t consumed = 0;
  const auto state = http::parse_request_head(head_text_.reveal(), head_, consumed);
  if (!state || *state != http::ParseState::complete || consumed != head_text_.reveal().size()) {
    return malformed();
  }
  return {};
}

asio::awaitable<base::Result<std::span<const std::uint8_t>>> SealedExchange::read_body_some() {
  using Bytes = std::span<const std::uint8_t>;
  if (body_read_ || !body_) co_return Bytes();
  body_read_ = true;
  const std::string_view text = body_->reveal();
  co_return Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

asio::awaitable<base::Result<std::string>> SealedExchange::read_body(std::size_t limit_bytes) {
  if (body_read_ || !body_) co_return std::string();
  if (body_->reveal().size() > limit_bytes) {
    co_return base::Error(Code::body_too_large)
        .with({"limitBytes", static_cast<std::int64_t>(limit_bytes)});
  }
  body_read_ = true;
  co_return std::string(body_->reveal());
}

void SealedExchange::begin(int status, std::string_view content_type, bool length_known,
                           std::uint64_t content_length) {
  started_ = true;
  status_ = status;
  content_type_ = content_type;
  discard_body_ = head_.method == "HEAD" || has_no_body(status);
  const bool has_end = length_known && content_length <= most_whole_bytes;
  // A refusal is always whole: a stream has no place for a status.
  streamed_ = status / 100 == 2 && !discard_body_ && (is_event_stream(content_type) || !has_end);
  promised_ = length_known && !discard_body_ ? content_length : 0;
  if (!streamed_) return;
  const std::array<http::Field, 3> fields{http::Field{"Content-Type", "text/event-stream"},
                                          sealed_mark, http::Field{"X-Accel-Buffering", "no"}};
  outer_.start(200, fields, http::Framing::chunked, 0, true);
}

void SealedExchange::respond(const http::Answer& answer) {
  if (started_) return cut();
  begin(answer.status, answer.content_type, true, answer.body.size());
  put(answer.body);
  promised_ = 0;
  end();
}

void SealedExchange::respond_prepared(std::string_view status_and_fields, std::string_view body) {
  constexpr std::size_t status_at = 9;  // behind "HTTP/1.1 "
  int status = 0;
  for (const char digit : status_and_fields.substr(status_at, 3)) {
    status = status * 10 + (digit - '0');
  }
  respond({.status = status,
           .content_type = std::string(field_of(status_and_fields, "content-type")),
           .body = std::string(body),
           .fields = {}});
}

void SealedExchange::start(int status, std::span<const http::Field> fields, http::Framing framing,
                           std::uint64_t content_length, bool /*standard*/) {
  if (started_) return cut();
  std::string_view type;
  for (const http::Field& field : fields) {
    if (base::equal_ignoring_case(field.name, "content-type")) type = field.value;
  }
  const bool has_length = framing == http::Framing::length || framing == http::Framing::none;
  begin(status, type, has_length, framing == http::Framing::length ? content_length : 0);
}

void SealedExchange::put(std::string_view body_bytes) {
  if (discard_body_ || ended_ || broken_ || body_bytes.empty()) return;
  promised_ -= std::min<std::uint64_t>(promised_, body_bytes.size());
  if (streamed_) {
    for (; !body_bytes.empty(); body_bytes.remove_prefix(std::min(most_frame, body_bytes.size()))) {
      outer_.put(sealer_.event(body_bytes.substr(0, most_frame)));
    }
  } else if (whole_.size() + body_bytes.size() > most_whole_bytes) {
    cut();
  } else {
    whole_.append(body_bytes);
  }
}

asio::awaitable<bool> SealedExchange::flush() {
  if (ended_ && !streamed_ && !sent_ && !broken_) send_whole(seal_whole());
  co_return co_await outer_.flush();
}

bool SealedExchange::queue(std::string_view body_bytes, std::size_t most_queued) {
  if (ended_ || broken_) return false;
  if (!streamed_ || discard_body_) {
    put(body_bytes);
    return !broken_;
  }
  // The number of the frame is used up whether or not it finds room.
  broken_ = !outer_.queue(sealer_.event(body_bytes), most_queued);
  return !broken_;
}

void SealedExchange::rest() {
  outer_.rest();
  body_.reset();
  body_read_ = true;
}

void SealedExchange::end() {
  if (ended_ || !started_) return;
  if (broken_ || promised_ > 0 || (streamed_ && stopped_)) return cut();
  ended_ = true;
  if (!streamed_) return;
  outer_.put(sealer_.last_event());
  outer_.end();
}

void SealedExchange::cut() {
  // An answer that is whole already is not taken back.
  if (ended_ && !streamed_) return;
  ended_ = true;
  broken_ = true;
  outer_.cut();
}

void SealedExchange::when_draining(std::function<void()> draining) {
  if (!draining) return outer_.when_draining({});
  outer_.when_draining([this, call = std::move(draining)] {
    stopped_ = true;
    call();
  });
}

std::string SealedExchange::seal_whole() {
  channel::WholeAnswer answer{.status = status_};
  if (!content_type_.empty() && !has_no_body(status_)) answer.content_type = content_type_;
  if (!discard_body_) answer.body.emplace(whole_);
  return sealer_.whole(answer);
}

void SealedExchange::send_whole(std::string body) {
  sent_ = true;
  outer_.respond({.status = 200,
                  .content_type = "application/json",
                  .body = std::move(body),
                  .fields = {{std::string(sealed_mark.name), std::string(sealed_mark.value)}}});
}

asio::awaitable<void> SealedExchange::finish(http::Workers& workers) {
  if (!started_ || streamed_ || sent_ || broken_) co_return;
  std::string sealed;
  const bool is_large = whole_.size() > most_sealed_here;
  if (!is_large || !co_await workers.run([&] { sealed = seal_whole(); })) sealed = seal_whole();
  send_whole(std::move(sealed));
}

asio::awaitable<std::span<const std::uint8_t>> SealedExchange::read_raw_some() {
  // Nothing inside a channel can ask for another protocol: it has no Connection field.
  co_return std::span<const std::uint8_t>();
}

asio::awaitable<bool> SealedExchange::write_raw(std::span<const std::uint8_t> /*bytes*/) {
  co_return false;
}

}  // namespace kronborg::doors

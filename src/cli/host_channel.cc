#include "cli/host_channel.h"

#include <chrono>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "channel/handshake.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;

constexpr std::chrono::seconds call_patience{600};
constexpr std::size_t most_whole_bytes = std::size_t{64} << 20U;
constexpr int not_found_status = 404;

/// The answer to one call as it comes in. Which kind it is shows with the first byte: a whole one
/// is a JSON object, no line of an event stream begins like that.
class Incoming {
 public:
  Incoming(channel::AnswerOpener opener, const std::function<bool(std::string_view)>& sink)
      : opener_(std::move(opener)), sink_(sink) {}

  bool take(std::string_view bytes) {
    if (bytes.empty()) return true;
    if (!begun_) {
      begun_ = true;
      whole_ = bytes.front() == '{';
    }
    if (whole_) {
      text_.append(bytes);
      return text_.size() <= most_whole_bytes;
    }
    for (;;) {
      auto parts = opener_.read(bytes);
      bytes = {};
      if (!parts) {
        failed_ = true;
        return false;
      }
      for (const auto& part : *parts) {
        if (!part.empty() && !sink_(part.reveal())) {
          stopped_ = true;
          return false;
        }
      }
      if (parts->empty()) return true;
    }
  }

  [[nodiscard]] bool begun() const { return begun_; }

  base::Result<ChannelAnswer> finish() {
    ChannelAnswer answer;
    answer.streamed = !whole_;
    if (stopped_) return answer;
    if (!whole_) {
      if (failed_) return Code::channel_truncated;
      TRY_VOID(opener_.finish());
      return answer;
    }
    TRY(auto opened, opener_.whole(text_));
    answer.status = opened.status;
    answer.content_type = opened.content_type.value_or("");
    if (opened.body) answer.body = *std::move(opened.body);
    return answer;
  }

 private:
  channel::AnswerOpener opener_;
  const std::function<bool(std::string_view)>& sink_;
  std::string text_;
  bool begun_ = false;
  bool whole_ = false;
  bool failed_ = false;
  bool stopped_ = false;
};

}  // namespace

base::Result<void> HostChannel::shake_hands() {
  session_.reset();
  const channel::ClientHandshake handshake(pinned_, random_);
  const std::chrono::seconds wait{channel::handshake_wait_s};
  const http::FetchRequest request{
      .method = "POST",
      .target = "/secure/session",
      .fields = {{"Accept", "application/json"}, {"Content-Type", "application/json"}},
      .body = channel::render(handshake.hello()),
      .patience = wait,
      .whole = wait,
      .most_bytes = std::size_t{1} << 20U};
  TRY(const auto answer, http::fetch(host_.at, request));
  if (answer.status != 200) {
    const Error refused = refusal_of_host(answer.status, answer.body);
    // A host that has the channel names the reason.
    const bool names = refused.code == Code::agent_unknown;
    if (answer.status == not_found_status && !names) return Code::channel_unsupported;
    return refused;
  }
  TRY(auto established, handshake.finish(answer.body));
  session_ = std::make_unique<channel::ClientSession>(std::move(established));
  return {};
}

base::Result<ChannelAnswer> HostChannel::call(std::string_view inner,
                                              const std::function<bool(std::string_view)>& sink) {
  auto sealed = session_->seal(inner);
  Incoming incoming(
      channel::AnswerOpener(session_->key_of_answer(sealed.seq), session_->sid(), sealed.seq),
      sink);
  const http::FetchRequest request{.method = "POST",
                                   .target = "/secure/call",
                                   .fields = {{"Accept", "application/json, text/event-stream"},
                                              {"Content-Type", "application/json"}},
                                   .body = std::move(sealed.body),
                                   .patience = call_patience,
                                   .whole = call_patience};
  const auto answer =
      http::fetch(host_.at, request, [&](std::string_view bytes) { return incoming.take(bytes); });
  if (!answer) {
    // A connection that was cut in the middle is told by what is missing, if anything is.
    if (!incoming.begun()) return answer.error();
    return incoming.finish();
  }
  if (answer->stopped) return incoming.finish();
  if (answer->status != 200) return refusal_of_host(answer->status, answer->body);
  if (answer->field("x-osaurus-secure-channel") != "1") return Code::host_answer_malformed;
  return incoming.finish();
}

base::Result<ChannelAnswer> HostChannel::ask(const channel::InnerRequest& request,
                                             const std::function<bool(std::string_view)>& sink) {
  const auto inner = channel::write_inner_request(request);
  if (!session_ || session_->ends_soon(clock_.now())) TRY_VOID(shake_hands());
  auto answer = call(inner.reveal(), sink);
  if (answer || answer.error().code != Code::secure_session_unknown) return answer;
  // The host has ended it, before the request inside was looked at.
  TRY_VOID(shake_hands());
  return call(inner.reveal(), sink);
}

}  // namespace kronborg::cli

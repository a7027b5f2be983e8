#include "channel/frames.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "base/encoding.h"
#include "base/json_members.h"
#include "channel/session.h"
#include "crypto/chacha20_poly1305.h"

namespace kronborg::channel {
namespace {

using base::Code;
using base::json::object;

std::string frame_data(std::string_view sid, std::uint64_t call, std::uint64_t number, bool fin) {
  return fmt::format("osaurus-sc1:resp:{}:{}:{}:{}", sid, call, number, fin ? 1 : 0);
}

}  // namespace

std::string AnswerSealer::frame(std::string_view plain, bool fin) {
  // A frame behind the last one would be dropped by every client.
  if (ended_) std::abort();
  const std::uint64_t number = next_++;
  ended_ = fin;
  const std::string data = frame_data(sid_, call_, number, fin);
  const auto ciphertext = crypto::chacha20_poly1305_seal(
      key_, nonce_of(number), base::bytes_of(data), base::bytes_of(plain));
  // Members sorted; base64url has nothing to escape.
  return fmt::format(R"({{"ct":"{}",{}"seq":{}}})", base::base64url(ciphertext),
                     fin ? R"("fin":true,)" : "", number);
}

std::string AnswerSealer::whole(const WholeAnswer& answer) {
  std::string text = fmt::format(R"({{"status":{})", answer.status);
  if (answer.content_type) {
    text += R"(,"contentType":)" + base::to_text(base::json::value(*answer.content_type));
  }
  if (answer.body) {
    std::string body = base::base64url(base::bytes_of(answer.body->reveal()));
    text.reserve(text.size() + body.size() + 16);  // no copy that is not wiped
    text.append(R"(,"body":")").append(body).push_back('"');
    base::wipe(body.data(), body.size());
  }
  text.push_back('}');
  std::string sealed = frame(text, true);
  base::wipe(text.data(), text.size());
  return sealed;
}

std::string AnswerSealer::event(std::string_view bytes) {
  return "data: " + frame(bytes, false) + "\n\n";
}

std::string AnswerSealer::last_event() { return "data: " + frame({}, true) + "\n\n"; }

base::Result<base::SecretText> AnswerOpener::frame(std::string_view json) {
  const base::Error cut(Code::channel_truncated);
  if (ended_ || failed_) {
    failed_ = true;
    return cut;
  }
  failed_ = true;  // until this frame has verified
  const auto value = base::parse_json(json);
  const auto* members = value ? value->if_object() : nullptr;
  std::uint64_t number = 0;
  std::string ct;
  if (members == nullptr || !base::read_plain_u64(*members, "seq", number) || number != next_ ||
      !base::read_text(*members, "ct", ct)) {
    return cut;
  }
  const auto* fin = base::set_member(*members, "fin");
  if (fin != nullptr && *fin != true) return cut;
  const auto ciphertext = base::base64url_strict(ct);
  if (!ciphertext) return cut;
  const std::string data = frame_data(sid_, call_, number, fin != nullptr);
  auto plain =
      crypto::chacha20_poly1305_open(key_, nonce_of(number), base::bytes_of(data), *ciphertext);
  if (!plain) return cut;
  failed_ = false;
  ended_ = fin != nullptr;
  ++next_;
  return *std::move(plain);
}

base::Result<WholeAnswer> AnswerOpener::whole(std::string_view body) {
  TRY(const auto plain, frame(body));
  TRY_VOID(finish());
  auto value = base::parse_json(plain.reveal());
  const auto* members = value ? value->if_object() : nullptr;
  std::int64_t status = 0;
  WholeAnswer answer;
  std::optional<std::string> encoded;
  if (members == nullptr || !base::read_integer(*members, "status", status) || status < 100 ||
      status > 599 || !base::read_text(*members, "contentType", answer.content_type) ||
      !base::read_text(*members, "body", encoded)) {
    return Code::host_answer_malformed;
  }
  base::wipe_texts(*value);
  answer.status = static_cast<int>(status);
  if (encoded) {
    auto bytes = base::base64url_strict(*encoded);
    if (!bytes) return Code::host_answer_malformed;
    answer.body.emplace(base::text_of(*bytes));
    base::wipe(bytes->data(), bytes->size());
    base::wipe(encoded->data(), encoded->size());
  }
  return answer;
}

base::Result<void> AnswerOpener::read_line(std::string_view line,
                                           std::vector<base::SecretText>& out) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  // Events end with an empty line; lines that begin with a colon are comments.
  if (line.empty() || line.starts_with(':')) return {};
  constexpr std::string_view field = "data:";
  if (!line.starts_with(field)) {
    failed_ = true;
    return Code::channel_truncated;
  }
  line.remove_prefix(field.size());
  if (line.starts_with(' ')) line.remove_prefix(1);
  TRY(auto plain, frame(line));
  out.push_back(std::move(plain));
  return {};
}

base::Result<std::vector<base::SecretText>> AnswerOpener::read(std::string_view bytes) {
  std::vector<base::SecretText> out;
  while (!failed_ && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > most_line_bytes) failed_ = true;
    if (end == std::string_view::npos || failed_) break;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    // What was opened before a bad frame is good; the failure is told by the next call.
    if (const auto done = read_line(line, out); !done && out.empty()) return done.error();
  }
  if (failed_ && out.empty()) return Code::channel_truncated;
  return out;
}

base::Result<void> AnswerOpener::finish() const {
  if (!complete()) return Code::channel_truncated;
  return {};
}

}  // namespace kronborg::channel

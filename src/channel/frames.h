#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace kronborg::channel {

// Answers inside a channel (docs/protocol/secure-channel.md section 3): whole ones are one frame,
// streamed ones are server-sent events of numbered frames, of which the last says that it is.

/// An answer in one piece.
struct WholeAnswer {
  int status = 200;
  std::optional<std::string> content_type = {};
  std::optional<base::SecretText> body = {};
};

/// The host's side of one answer. Not thread-safe.
class AnswerSealer {
 public:
  /// `key`: the response key of the call with this number.
  AnswerSealer(base::Secret<32> key, std::string sid, std::uint64_t call_seq)
      : key_(std::move(key)), sid_(std::move(sid)), call_(call_seq) {}

  /// The body of the outer answer. Nothing may follow.
  [[nodiscard]] std::string whole(const WholeAnswer& answer);
  /// One event with the next bytes of the inner stream.
  [[nodiscard]] std::string event(std::string_view bytes);
  /// The event that says that the stream is whole. Nothing may follow.
  [[nodiscard]] std::string last_event();

 private:
  std::string frame(std::string_view plain, bool fin);

  base::Secret<32> key_;
  std::string sid_;
  std::uint64_t call_;
  std::uint64_t next_ = 0;
  bool ended_ = false;
};

/// The client's side of one answer. Takes frames in order from 0 and stops at the first one that
/// does not verify. Not thread-safe.
class AnswerOpener {
 public:
  AnswerOpener(base::Secret<32> key, std::string sid, std::uint64_t call_seq)
      : key_(std::move(key)), sid_(std::move(sid)), call_(call_seq) {}

  /// The whole answer in the body of an outer 200. Errors: channel_truncated,
  /// host_answer_malformed.
  [[nodiscard]] base::Result<WholeAnswer> whole(std::string_view body);

  /// The plaintexts of the frames that the next bytes of the event stream complete, in order. After
  /// an error nothing more is read; what was given before it is good. Error: channel_truncated,
  /// also for what follows the last frame.
  [[nodiscard]] base::Result<std::vector<base::SecretText>> read(std::string_view bytes);
  /// What the client learns at the end of the stream. Error: channel_truncated.
  [[nodiscard]] base::Result<void> finish() const;
  /// The last frame was read.
  [[nodiscard]] bool complete() const { return ended_ && !failed_; }

  /// One frame, as JSON text. Error: channel_truncated.
  [[nodiscard]] base::Result<base::SecretText> frame(std::string_view json);

 private:
  base::Result<void> read_line(std::string_view line, std::vector<base::SecretText>& out);

  static constexpr std::size_t most_line_bytes = 16U << 20U;

  base::Secret<32> key_;
  std::string sid_;
  std::uint64_t call_;
  std::uint64_t next_ = 0;
  bool ended_ = false;
  bool failed_ = false;
  std::string line_;  ///< begun and not ended yet
};

}  // namespace kronborg::channel

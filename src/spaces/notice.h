#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "spaces/kinds.h"

namespace kronborg::spaces {

/// The event names of a space's stream (docs/protocol/spaces.md section 8.4).
enum class NoticeKind : std::uint8_t { space, message, participant, artifact, key_ended };
std::string_view name_of(NoticeKind kind);  ///< `key_ended` is `key_revoked` on the wire

/// One thing that happened in a space, as its readers are told. Made once per commit, shared by all
/// of them, never changed.
struct Notice {
  NoticeKind kind = NoticeKind::space;
  /// Of a new message: its sequence number, which becomes `id:`. 0 for everything else, a redacted
  /// message included.
  std::int64_t seq = 0;
  Audience audience = Audience::everybody;
  std::string data;  ///< one line of JSON
  /// The same for a browser (section 8.6), when it differs; else empty.
  std::string browser_data;
  /// Of key_ended: whose stream ends. `data` is what that reader is sent.
  std::string ended_key_id;
  /// The space has ended: every reader's stream ends behind this notice and its own key_ended.
  bool ends_space = false;
  /// Of a new artifact revision: which artifact, for readers that fetch its content.
  std::string artifact_id;

  /// `event: …`, `id: …` when there is one, `data: …` and the empty line.
  [[nodiscard]] std::string text(bool for_browser) const;
};
using SharedNotice = std::shared_ptr<const Notice>;

}  // namespace kronborg::spaces

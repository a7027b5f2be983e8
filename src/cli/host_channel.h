#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "channel/frames.h"
#include "channel/inner.h"
#include "channel/session.h"
#include "cli/host_call.h"
#include "identity/address.h"

namespace kronborg::cli {

/// What a host answered inside the channel. Of a streamed answer the body went to the sink.
struct ChannelAnswer {
  int status = 200;
  std::string content_type;
  base::SecretText body;
  bool streamed = false;
};

/// The client's side of a Secure Channel to one agent of a host (docs/protocol/secure-channel.md).
/// The address is pinned; nothing is ever sent in plain instead. Not thread-safe; calls wait.
class HostChannel {
 public:
  HostChannel(HostAddress host, const identity::Address& pinned, const base::Clock& clock,
              base::Random& random)
      : host_(std::move(host)), pinned_(pinned), clock_(clock), random_(random) {}

  /// One request. Shakes hands when there is no session, or it ends soon, or the host has forgotten
  /// it. Parts of a streamed answer go to `sink` as they come and are verified. Errors:
  /// channel_unsupported, host_not_proven, host_answer_malformed, channel_truncated (what the sink
  /// got before it is good), server_unreachable, and what the host refuses in clear.
  base::Result<ChannelAnswer> ask(const channel::InnerRequest& request,
                                  const std::function<bool(std::string_view)>& sink);

 private:
  base::Result<void> shake_hands();
  base::Result<ChannelAnswer> call(std::string_view inner,
                                   const std::function<bool(std::string_view)>& sink);

  const HostAddress host_;
  const identity::Address pinned_;
  const base::Clock& clock_;
  base::Random& random_;
  std::unique_ptr<channel::ClientSession> session_;
};

}  // namespace kronborg::cli

#include "channel/handshakes.h"

#include <utility>

#include "channel/handshake.h"

namespace kronborg::channel {

using base::Code;

Handshakes::Handshakes(const base::Clock& clock, base::Random& random, Sessions& sessions,
                       Identities identities)
    : clock_(clock),
      random_(random),
      sessions_(sessions),
      identities_(std::move(identities)),
      attempts_(clock, {.attempts = 30, .window_ms = 60'000, .cooldown_over_ms = 10'000}) {}

base::Result<std::string> Handshakes::shake(std::string_view source, std::string_view body) {
  const base::Source of = base::source_of(source);
  if (const auto wait = attempts_.admit(of)) {
    return base::Error(Code::channel_rate_limited).with({.name = "retryAfter", .value = *wait});
  }
  TRY(const auto hello, read_client_hello(body));
  const auto agent = identity::Address::parse(hello.agent_address);
  if (!agent || !identities_.known(*agent)) {
    return base::Error(Code::agent_unknown, "Unknown agent address");
  }
  const base::Error locked(Code::identity_locked, "Secure channel identity unavailable, try again");
  if (identities_.locked()) return locked;
  auto accepted = accept_client(
      hello, *agent, clock_.now(), random_,
      [&](std::string_view transcript) { return identities_.sign(*agent, transcript); });
  if (!accepted) {
    return accepted.error().code == Code::identity_locked ? locked : Code::handshake_failed;
  }
  std::string answer = render(accepted->hello);
  sessions_.add({.sid = std::move(accepted->hello.sid),
                 .keys = std::move(accepted->keys),
                 .expires_at = accepted->hello.expires_at,
                 .agent = *agent,
                 .source = of});
  return answer;
}

}  // namespace kronborg::channel

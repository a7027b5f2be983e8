#include "app/channel_host.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "channel/error_bodies.h"

namespace kronborg::app {

using base::Code;

namespace {

constexpr std::size_t always_room_bytes = 64U << 10U;

}  // namespace

std::optional<SealedRoom::Place> SealedRoom::take(std::size_t bytes) {
  if (bytes <= always_room_bytes) return Place(*this, 0);
  if (taken_.fetch_add(bytes) + bytes <= most_bytes) return Place(*this, bytes);
  taken_ -= bytes;
  return std::nullopt;
}

ChannelHost::ChannelHost(const Parts& parts)
    : parts_(parts),
      sessions_(parts.clock),
      handshakes_(parts.clock, parts.random, sessions_, identities()) {}

channel::Identities ChannelHost::identities() {
  return {.known =
              [this](const identity::Address& address) {
                if (is_served(address)) return true;
                learn_connect();
                return is_served(address);
              },
          .locked = [this] { return parts_.key_holder.locked(); },
          .sign = [this](const identity::Address& address,
                         std::string_view transcript) { return sign(address, transcript); }};
}

std::optional<ChannelHost::Connect> ChannelHost::connect_identity(
    const identity::Address& address) const {
  const auto policy = parts_.board.current();
  const std::lock_guard lock(mutex_);
  if (!policy->master || connect_of_ != policy->master) return std::nullopt;
  const auto found = std::ranges::find(connect_, address, &Connect::address);
  if (found == connect_.end()) return std::nullopt;
  return *found;
}

bool ChannelHost::is_served(const identity::Address& address) const {
  return parts_.board.current()->agents.contains(address) || connect_identity(address).has_value();
}

void ChannelHost::learn_connect() {
  const auto master = parts_.board.current()->master;
  if (!master || parts_.key_holder.locked()) return;
  {
    const std::lock_guard lock(mutex_);
    if (connect_of_ == master) return;
  }
  const auto keystore = parts_.key_holder.keystore();
  if (!keystore || keystore->master != *master) return;
  std::vector<Connect> learnt;
  for (const std::string& id : {keystore->device_id, std::string()}) {
    const auto address = parts_.key_holder.address(
        {.kind = identity::KeyKind::connect, .agent = {.scope = id, .index = 0}});
    if (!address) return;
    learnt.push_back({.address = *address, .device_id = id});
  }
  const std::lock_guard lock(mutex_);
  connect_ = std::move(learnt);
  connect_of_ = master;
}

base::Result<crypto::Signature> ChannelHost::sign(const identity::Address& address,
                                                  std::string_view transcript) {
  keyholder::KeyRef key;
  if (const auto connect = connect_identity(address)) {
    key = {.kind = identity::KeyKind::connect, .agent = {.scope = connect->device_id, .index = 0}};
  } else {
    TRY(const auto agent, parts_.agents.find(address.text()));
    key = {.kind = identity::KeyKind::agent, .agent = {.scope = agent.scope, .index = agent.index}};
  }
  return parts_.key_holder.sign(identity::Prefix::secure_channel, base::bytes_of(transcript), key);
}

http::Answer ChannelHost::shake(std::string_view source, std::string_view body) {
  auto shaken = handshakes_.shake(source, body);
  http::Answer answer;
  answer.content_type = "application/json";
  if (shaken) {
    answer.body = *std::move(shaken);
    return answer;
  }
  const base::Error& error = shaken.error();
  answer.status = error.status();
  answer.body = channel::session_error(error);
  for (const base::Detail& detail : error.details) {
    const auto* seconds = std::get_if<std::int64_t>(&detail.value);
    if (detail.name == "retryAfter" && seconds != nullptr) {
      answer.fields.emplace_back("Retry-After", std::to_string(*seconds));
    }
  }
  return answer;
}

base::Result<channel::OpenedCall> ChannelHost::open(std::string_view body) {
  TRY(const auto call, channel::read_sealed_call(body));
  if (parts_.board.epoch() != swept_epoch_) sweep();
  return sessions_.open(call);
}

void ChannelHost::sweep() {
  const std::uint64_t epoch = parts_.board.epoch();
  sessions_.sweep([this](const identity::Address& address) { return is_served(address); });
  swept_epoch_ = epoch;
}

http::Answer refused_call(const base::Error& error) {
  return {.status = error.status(),
          .content_type = "application/json",
          .body = channel::call_error(error),
          .fields = {}};
}

}  // namespace kronborg::app

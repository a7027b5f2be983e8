#include "channel/sessions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/json_members.h"

namespace kronborg::channel {

using base::Code;

base::Result<SealedCall> read_sealed_call(std::string_view body) {
  const auto value = base::parse_json(body);
  const auto* object = value ? value->if_object() : nullptr;
  SealedCall call;
  if (object == nullptr || !base::read_integer(*object, "v", call.v) ||
      !base::read_text(*object, "sid", call.sid) ||
      !base::read_plain_u64(*object, "seq", call.seq) || !base::read_text(*object, "ct", call.ct)) {
    return Code::secure_malformed;
  }
  return call;
}

Sessions::Session* Sessions::find(std::string_view sid, std::int64_t now) {
  const auto found = table_.find(sid);
  if (found == table_.end()) return nullptr;
  if (found->second.expires_at > now) return &found->second;
  table_.erase(found);
  return nullptr;
}

void Sessions::drop_first_to_end(const base::Source* of) {
  auto first = table_.end();
  for (auto it = table_.begin(); it != table_.end(); ++it) {
    if (of != nullptr && it->second.source != *of) continue;
    if (first == table_.end() || it->second.expires_at < first->second.expires_at) first = it;
  }
  if (first != table_.end()) table_.erase(first);
}

void Sessions::add(New session) {
  const std::int64_t now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::erase_if(table_, [now](const auto& entry) { return entry.second.expires_at <= now; });
  const auto of_source = std::ranges::count_if(
      table_, [&](const auto& entry) { return entry.second.source == session.source; });
  if (static_cast<std::size_t>(of_source) >= most_of_source) drop_first_to_end(&session.source);
  if (table_.size() >= most) drop_first_to_end(nullptr);
  table_.insert_or_assign(std::move(session.sid), Session{.keys = std::move(session.keys),
                                                          .expires_at = session.expires_at,
                                                          .agent = session.agent,
                                                          .source = session.source,
                                                          .window = {}});
}

base::Result<OpenedCall> Sessions::open(const SealedCall& call) {
  const std::int64_t now = clock_.now();
  base::Secret<32> c2s;
  {
    const std::lock_guard lock(mutex_);
    const Session* const session = find(call.sid, now);
    if (session == nullptr) return Code::secure_session_unknown;
    c2s = session->keys.c2s.duplicate();
  }
  if (call.v != 1) return Code::secure_decrypt_failed;
  const auto ciphertext = base::base64url_strict(call.ct);
  if (!ciphertext) return Code::secure_decrypt_failed;
  auto inner = crypto::chacha20_poly1305_open(
      c2s, nonce_of(call.seq), base::bytes_of(call_data(call.sid, call.seq)), *ciphertext);
  if (!inner) return Code::secure_decrypt_failed;

  const std::lock_guard lock(mutex_);
  // It may have been ended in between.
  Session* const session = find(call.sid, now);
  if (session == nullptr) return Code::secure_session_unknown;
  if (!session->window.accept(call.seq)) return Code::secure_replay;
  return OpenedCall{.inner = *std::move(inner),
                    .response_key = response_key(session->keys.s2c, call.seq),
                    .sid = call.sid,
                    .seq = call.seq,
                    .agent = session->agent};
}

std::size_t Sessions::end_of_agent(const identity::Address& agent) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(table_, [&](const auto& entry) { return entry.second.agent == agent; });
}

void Sessions::sweep(const std::function<bool(const identity::Address&)>& served) {
  const std::int64_t now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::erase_if(table_, [&](const auto& entry) {
    return entry.second.expires_at <= now || !served(entry.second.agent);
  });
}

std::size_t Sessions::live() const {
  const std::int64_t now = clock_.now();
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(
      table_, [now](const auto& entry) { return entry.second.expires_at > now; }));
}

}  // namespace kronborg::channel

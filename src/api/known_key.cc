#include "api/known_key.h"

#include <array>

#include "api/last_seen.h"
#include "base/clock.h"
#include "http/answer_head.h"

namespace kronborg::api {
namespace {

constexpr std::string_view first_fields =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n";
constexpr std::size_t usual_body_bytes = 384;

}  // namespace

std::string who_is_text(const spaces::Caller& caller, std::int64_t now_ms) {
  std::string text;
  text.reserve(usual_body_bytes);
  // No value has a character that JSON escapes.
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(",\"").append(name).append("\":\"").append(value).append("\"");
  };
  text.append("{\"credentialType\":\"space_key\"");
  add("keyType", spaces::name_of(caller.type));
  add("keyId", spaces::text_of(caller.key_id));
  add("hint", {caller.hint.data(), caller.hint.size()});
  add("spaceId", spaces::text_of(caller.space_id));
  const bool invites = caller.type == spaces::KeyType::invitation;
  add(invites ? "invitationId" : "participantId", spaces::text_of(caller.holder));
  add("createdAt", base::iso_time(caller.created_at_ms));
  if (caller.key_expires_at_ms != 0) add("expiresAt", base::iso_time(caller.key_expires_at_ms));
  text.append(caller.is_muted(now_ms) ? ",\"muted\":true" : ",\"muted\":false");
  text.append(caller.address ? ",\"verified\":true" : ",\"verified\":false");
  if (caller.address) add("address", caller.address->text());
  text.append("}");
  return text;
}

bool KnownKey::answer(const Asked& asked) {
  const auto key = credential::SpaceKey::parse(asked.key);
  if (!key) return false;
  const spaces::Parts& parts = services_.desk.parts;
  const Settings& settings = services_.desk.settings;
  const std::int64_t now_ms = parts.time.now_ms();
  const auto used = parts.directory.use(key->hash(), now_ms, LastSeen::exact_to_ms);
  if (!used) return false;
  const spaces::Caller& caller = used->caller;
  const std::array asks{
      rate_ask(settings.rates, Policy::reads, RateKey::of_id(caller.key_id)),
      rate_ask(settings.rates, Policy::source, RateKey::of_source(asked.source_address)),
  };
  const RateVerdict rates = services_.limiter.take(asks);
  if (!rates.allowed) return false;
  if (used->is_due) {
    services_.desk.last_seen.note(caller, now_ms, asked.source_address, asked.request_id);
  }
  body_ = who_is_text(caller, now_ms);
  head_.assign(first_fields);
  http::append_number_field(head_, "Content-Length", body_.size());
  for (const auto& [name, value] : rate_fields(rates)) http::append_field(head_, name, value);
  head_.append(http::fixed_standard_fields);
  if (settings.origin.starts_with("https://")) head_.append(http::strict_transport_field);
  return true;
}

}  // namespace kronborg::api

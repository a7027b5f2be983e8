#include "credential/access_key.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/secret.h"
#include "credential/flat_json.h"

namespace kronborg::credential {

namespace {

constexpr std::string_view tag = "osk-v1";
constexpr std::uint64_t max_u64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t max_time = (std::uint64_t{1} << 53) - 1;
constexpr std::size_t max_nonce_bytes = 128;
constexpr std::int64_t day = 86'400;

struct Parts {
  std::string_view payload, signature;
};

// Row 1 of docs/protocol/identity.md section 6.
std::optional<Parts> split(std::string_view text) {
  if (text.size() > max_access_key_bytes) return std::nullopt;
  const auto first = text.find('.');
  if (first == std::string_view::npos || text.substr(0, first) != tag) return std::nullopt;
  const auto second = text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const Parts parts{text.substr(first + 1, second - first - 1), text.substr(second + 1)};
  if (parts.payload.empty() || parts.signature.empty()) return std::nullopt;
  if (parts.signature.find('.') != std::string_view::npos) return std::nullopt;
  return parts;
}

/// Members of 5.2 as they are read; which of the required ones were there.
struct ClaimsReader {
  AccessKeyClaims claims;
  bool audience = false, issuer = false, nonce = false, counter = false, issued_at = false;

  bool take(const FlatMember& member) {
    if (member.name == "aud") return string(member, claims.audience, audience);
    if (member.name == "iss") return string(member, claims.issuer, issuer);
    if (member.name == "nonce") return string(member, claims.nonce, nonce);
    if (member.name == "lbl") {
      bool present = false;
      return is_null(member) || string(member, claims.label, present);
    }
    if (member.name == "cnt") return integer(member, max_u64, claims.counter, counter);
    if (member.name == "iat") return time(member, claims.issued_at, issued_at);
    if (member.name == "exp") {
      if (is_null(member)) return true;
      bool present = false;
      return time(member, claims.expires_at.emplace(), present);
    }
    return true;
  }

  [[nodiscard]] bool complete() const {
    return audience && issuer && nonce && counter && issued_at && !claims.nonce.empty() &&
           claims.nonce.size() <= max_nonce_bytes;
  }

 private:
  static bool is_null(const FlatMember& member) {
    return member.kind == FlatMember::Kind::word_null;
  }
  static bool string(const FlatMember& member, std::string_view& out, bool& present) {
    if (member.kind != FlatMember::Kind::string) return false;
    out = member.text;
    return present = true;
  }
  static bool integer(const FlatMember& member, std::uint64_t max, std::uint64_t& out,
                      bool& present) {
    if (member.kind != FlatMember::Kind::number) return false;
    const auto value = flat_integer(member.text, max);
    if (!value) return false;
    out = *value;
    return present = true;
  }
  static bool time(const FlatMember& member, std::int64_t& out, bool& present) {
    std::uint64_t value = 0;
    if (!integer(member, max_time, value, present)) return false;
    out = static_cast<std::int64_t>(value);
    return true;
  }
};

}  // namespace

std::optional<base::Code> ParsedAccessKey::parse(std::string_view text) {
  claims_ = {};
  const auto parts = split(text);
  if (!parts) return base::Code::token_format;
  const auto size = base::base64url_strict_into(parts->payload, payload_);
  if (!size) return base::Code::payload_encoding;
  payload_size_ = *size;
  if (parts->signature.size() != 2 * signature_.size() ||
      !base::hex_strict_into(parts->signature, signature_)) {
    return base::Code::signature_encoding;
  }
  ClaimsReader reader;
  FlatJson json(base::text_of({payload_.data(), payload_size_}), strings_);
  if (!json.read([&](const FlatMember& member) { return reader.take(member); }) ||
      !reader.complete()) {
    return base::Code::payload_malformed;
  }
  claims_ = reader.claims;
  return std::nullopt;
}

std::optional<identity::Address> ParsedAccessKey::recover_issuer() const {
  return identity::recover_signer(identity::Prefix::access, {payload_.data(), payload_size_},
                                  signature_);
}

std::string access_key_payload(const NewAccessKey& key) {
  base::json::object payload;
  payload["aud"] = key.audience.text();
  payload["cnt"] = key.counter;
  if (key.expires_at) payload["exp"] = *key.expires_at;
  payload["iat"] = key.issued_at;
  payload["iss"] = key.issuer.text();
  if (!key.label.empty()) payload["lbl"] = key.label;
  payload["nonce"] = key.nonce;
  return base::canonical_json(payload);
}

base::SecretText access_key_text(std::string_view payload, const crypto::Signature& signature) {
  std::string encoded = base::base64url(base::bytes_of(payload));
  std::string digits = base::hex(signature);
  std::string text;
  text.reserve(tag.size() + encoded.size() + digits.size() + 2);
  text.append(tag).append(1, '.').append(encoded).append(1, '.').append(digits);
  base::SecretText secret(text);
  base::wipe(text.data(), text.size());
  base::wipe(digits.data(), digits.size());
  return secret;
}

std::string access_key_hint(const crypto::Signature& signature) {
  return "osk-v1.…" + base::hex(base::BytesView(signature).last(3));
}

std::optional<Expiry> expiry_named(std::string_view name) {
  if (name == "30d") return Expiry::days_30;
  if (name == "90d") return Expiry::days_90;
  if (name == "1y") return Expiry::year_1;
  if (name == "never") return Expiry::never;
  return std::nullopt;
}

std::optional<std::int64_t> expires_at(Expiry choice, std::int64_t issued_at) {
  switch (choice) {
    case Expiry::days_30:
      return issued_at + 30 * day;
    case Expiry::days_90:
      return issued_at + 90 * day;
    case Expiry::year_1:
      return base::one_year_later(issued_at);
    case Expiry::never:
      break;
  }
  return std::nullopt;
}

base::Result<std::uint64_t> next_counter(std::optional<std::uint64_t> last,
                                         std::optional<std::uint64_t> threshold,
                                         std::int64_t now_ms) {
  const std::uint64_t highest = std::max(last.value_or(0), threshold.value_or(0));
  if (highest == max_u64) return base::Code::counter_exhausted;
  return std::max(highest + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 0)));
}

}  // namespace kronborg::credential

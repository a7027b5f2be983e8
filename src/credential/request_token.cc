#include "credential/request_token.h"

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "base/text.h"
#include "credential/flat_json.h"

namespace kronborg::credential {

namespace {

using identity::DeviceKind;

constexpr std::string_view access_key_tag = "osk-v1.";
constexpr std::string_view header_type = "osaurus-id";
constexpr std::uint64_t header_version = 5;
constexpr std::uint64_t max_u64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t max_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t max_time = (std::uint64_t{1} << 53) - 1;

std::optional<DeviceKind> kind_of_algorithm(std::string_view alg) {
  for (const auto kind : {DeviceKind::apple_attest, DeviceKind::tpm2, DeviceKind::software}) {
    if (request_token_algorithm(kind) == alg) return kind;
  }
  return std::nullopt;
}

struct Parts {
  std::string_view header, payload, signature, assertion;
};

/// Row 1.
std::optional<Parts> split(std::string_view text) {
  if (text.size() > max_request_token_bytes) return std::nullopt;
  Parts parts;
  for (std::string_view* part : {&parts.header, &parts.payload, &parts.signature}) {
    const std::size_t dot = text.find('.');
    if (dot == 0 || dot == std::string_view::npos) return std::nullopt;
    *part = text.substr(0, dot);
    text.remove_prefix(dot + 1);
  }
  if (text.find('.') != std::string_view::npos) return std::nullopt;
  parts.assertion = text;
  return parts;
}

bool is_null(const FlatMember& member) { return member.kind == FlatMember::Kind::word_null; }

bool take_text(const FlatMember& member, std::string_view& out) {
  out = member.text;
  return member.kind == FlatMember::Kind::string;
}

bool take_integer(const FlatMember& member, std::uint64_t max, std::uint64_t& out) {
  if (member.kind != FlatMember::Kind::number) return false;
  const auto value = flat_integer(member.text, max);
  out = value.value_or(0);
  return value.has_value();
}

bool take_time(const FlatMember& member, std::int64_t& out) {
  std::uint64_t value = 0;
  const bool taken = take_integer(member, max_time, value);
  out = static_cast<std::int64_t>(value);
  return taken;
}

/// The claims; bits say which of the required ones were there.
struct ClaimsReader {
  RequestTokenClaims& claims;
  unsigned seen = 0;

  static constexpr unsigned all = 0x7F;

  bool take(const FlatMember& member) {
    if (member.name == "iss") return note(0, take_text(member, claims.issuer));
    if (member.name == "aud") return note(1, take_text(member, claims.audience));
    if (member.name == "act") return note(2, take_text(member, claims.action));
    if (member.name == "dev") return note(3, device(member));
    if (member.name == "cnt") return note(4, take_integer(member, max_u64, claims.counter));
    if (member.name == "iat") return note(5, take_time(member, claims.issued_at));
    if (member.name == "exp") return note(6, take_time(member, claims.expires_at));
    if (member.name == "par") return is_null(member) || take_text(member, claims.parent.emplace());
    if (member.name == "idx") return is_null(member) || index(member);
    return true;
  }

 private:
  bool note(unsigned bit, bool taken) {
    seen |= 1U << bit;
    return taken;
  }
  bool device(const FlatMember& member) {
    std::string_view text;
    const auto id = take_text(member, text) ? identity::DeviceId::parse(text) : std::nullopt;
    if (!id) return false;
    claims.device = *id;
    return true;
  }
  bool index(const FlatMember& member) {
    std::uint64_t value = 0;
    if (!take_integer(member, max_u32, value)) return false;
    claims.index = static_cast<std::uint32_t>(value);
    return true;
  }
};

}  // namespace

bool is_request_token(std::string_view bearer) {
  return !bearer.starts_with(access_key_tag) && std::ranges::count(bearer, '.') == 3;
}

std::string_view request_token_algorithm(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::apple_attest:
      return "es256k+apple-attest";
    case DeviceKind::tpm2:
      return "es256k+tpm2";
    case DeviceKind::software:
      return "es256k+p256";
  }
  return {};
}

/// Row 2.
bool ParsedRequestToken::read_header(std::string_view part) {
  const auto size = base::base64url_strict_into(part, payload_);
  if (!size) return false;
  bool typed = false;
  bool versioned = false;
  std::optional<DeviceKind> kind;
  FlatJson json(base::text_of({payload_.data(), *size}), strings_);
  const bool read = json.read([&](const FlatMember& member) {
    std::string_view text;
    std::uint64_t version = 0;
    if (member.name == "typ") return typed = take_text(member, text) && text == header_type;
    if (member.name == "ver") {
      return versioned = take_integer(member, max_u32, version) && version == header_version;
    }
    if (member.name != "alg") return true;
    if (take_text(member, text)) kind = kind_of_algorithm(text);
    return kind.has_value();
  });
  if (!read || !typed || !versioned || !kind) return false;
  claims_.kind = *kind;
  return true;
}

/// Row 6.
bool ParsedRequestToken::read_payload() {
  ClaimsReader reader{claims_};
  FlatJson json(base::text_of(payload()), strings_);
  return json.read([&](const FlatMember& member) { return reader.take(member); }) &&
         reader.seen == ClaimsReader::all;
}

std::optional<base::Code> ParsedRequestToken::parse(std::string_view text) {
  claims_ = {};
  const auto parts = split(text);
  if (!parts) return base::Code::token_format;
  if (!read_header(parts->header)) return base::Code::request_token_header;
  const auto payload_size = base::base64url_strict_into(parts->payload, payload_);
  if (!payload_size) return base::Code::payload_encoding;
  payload_size_ = *payload_size;
  if (parts->signature.size() != 2 * signature_.size() ||
      !base::hex_strict_into(parts->signature, signature_)) {
    return base::Code::signature_encoding;
  }
  const auto assertion_size = base::base64url_strict_into(parts->assertion, assertion_);
  if (!assertion_size) return base::Code::assertion_encoding;
  assertion_size_ = *assertion_size;
  if (!read_payload()) return base::Code::payload_malformed;
  return std::nullopt;
}

std::optional<identity::Address> ParsedRequestToken::recover_issuer() const {
  return identity::recover_signer(identity::Prefix::message, payload(), signature_);
}

bool names_parent(const RequestTokenClaims& claims, const identity::Address& master,
                  std::optional<std::uint32_t> index_of_agent) {
  if (!index_of_agent) return !claims.parent && !claims.index;
  return claims.parent && identity::Address::parse(*claims.parent) == master &&
         claims.index == index_of_agent;
}

std::optional<base::Code> judge_request(const RequestTokenClaims& claims,
                                        const RequestContext& context) {
  const std::int64_t life = claims.expires_at - claims.issued_at;
  if (life <= 0 || life > max_request_token_life) return base::Code::request_token_lifetime;
  if (claims.issued_at > context.now + max_request_token_ahead) {
    return base::Code::request_token_not_yet_valid;
  }
  if (context.now >= claims.expires_at) return base::Code::request_token_expired;
  if (claims.issued_at < context.process_start) return base::Code::request_token_before_start;
  const bool for_us = std::ranges::any_of(context.hosts, [&](const std::string& host) {
    return base::equal_ignoring_case(host, claims.audience);
  });
  if (!for_us) return base::Code::request_token_audience;
  const std::string_view action = claims.action;
  if (context.method.empty() || action.size() != context.method.size() + 1 + context.path.size() ||
      !action.starts_with(context.method) || action[context.method.size()] != ' ' ||
      !action.ends_with(context.path)) {
    return base::Code::request_token_action;
  }
  return std::nullopt;
}

}  // namespace kronborg::credential

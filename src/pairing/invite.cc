#include "pairing/invite.h"

#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/json_members.h"
#include "base/text.h"
#include "identity/signature_text.h"
#include "pairing/proofs.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

constexpr std::string_view scheme = "osaurus://";
constexpr std::int64_t version = 1;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

/// The value of the only parameter `pair`.
std::optional<std::string_view> pair_parameter(std::string_view query) {
  constexpr std::string_view name = "pair=";
  std::optional<std::string_view> found;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (!parameter.starts_with(name)) continue;
    if (found) return std::nullopt;
    found = parameter.substr(name.size());
  }
  return found;
}

std::optional<object> payload_of(std::string_view encoded) {
  const auto bytes = base::base64url_strict(encoded);
  if (!bytes) return std::nullopt;
  auto value = base::parse_json(base::text_of(*bytes));
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(value->get_object());
}

}  // namespace

base::Result<Invite> read_invite(object members) {
  Invite invite;
  std::int64_t v = 0;
  if (!base::read_text(members, "addr", invite.addr) ||
      !base::read_text(members, "desc", invite.desc) ||
      !base::read_integer(members, "exp", invite.exp) ||
      !base::read_text(members, "name", invite.name) ||
      !base::read_text(members, "nonce", invite.nonce) ||
      !base::read_text(members, "url", invite.url) || !base::read_integer(members, "v", v) ||
      !base::read_text(members, "sig", invite.sig) ||
      !base::read_text(members, "sig2", invite.sig2)) {
    return Code::invite_malformed;
  }
  if (v != version) return Code::invite_version;
  invite.members = std::move(members);
  return invite;
}

std::string covered_by_sig2(const object& members) {
  object covered;
  for (const auto& member : members) {
    const std::string_view name = member.key();
    if (name == "sig" || name == "sig2" || name == "encPub" || member.value().is_null()) continue;
    covered.emplace(name, member.value());
  }
  return base::canonical_json(covered);
}

std::optional<identity::Address> signer_of(const Invite& invite) {
  const auto address = identity::Address::parse(invite.addr);
  if (!address || !is_signed_by(*address, identity::Prefix::invite,
                                invite_text(invite.addr, invite.nonce, invite.exp), invite.sig)) {
    return std::nullopt;
  }
  if (invite.sig2 && !is_signed_by(*address, identity::Prefix::kronborg_invite,
                                   covered_by_sig2(invite.members), *invite.sig2)) {
    return std::nullopt;
  }
  return address;
}

std::string invite_link(const Invite& invite) {
  const std::string payload = base::canonical_json(invite.members);
  return std::string(scheme) + base::lower(invite.addr) +
         "?pair=" + base::base64url(base::bytes_of(payload));
}

base::Result<Invite> parse_invite_link(std::string_view text) {
  text = trimmed(text);
  if (!base::equal_ignoring_case(text.substr(0, scheme.size()), scheme)) {
    return Code::invite_link_malformed;
  }
  text.remove_prefix(scheme.size());
  const std::size_t question = text.find('?');
  if (question == std::string_view::npos) return Code::invite_link_malformed;
  std::string_view authority = text.substr(0, question);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const auto address = identity::Address::parse(authority);
  const auto encoded = pair_parameter(text.substr(question + 1));
  auto members = encoded ? payload_of(*encoded) : std::nullopt;
  if (!address || !members) return Code::invite_link_malformed;
  auto invite = read_invite(*std::move(members));
  if (!invite) {
    if (invite.error().code == Code::invite_version) return invite;
    return Code::invite_link_malformed;
  }
  if (identity::Address::parse(invite->addr) != address) return Code::invite_link_malformed;
  return invite;
}

namespace {

struct Life {
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array<Life, 4> lives{
    Life{.name = "1h", .seconds = 3'600}, Life{.name = "1d", .seconds = 86'400},
    Life{.name = "7d", .seconds = 7 * 86'400}, Life{.name = "30d", .seconds = 30 * 86'400}};

}  // namespace

std::optional<InviteLife> invite_life_named(std::string_view name) {
  for (std::size_t i = 0; i < lives.size(); ++i) {
    if (lives[i].name == name) return static_cast<InviteLife>(i);
  }
  return std::nullopt;
}

std::int64_t seconds_of(InviteLife life) { return lives[static_cast<std::size_t>(life)].seconds; }

}  // namespace kronborg::pairing

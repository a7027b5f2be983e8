#include "pairing/invites.h"

#include <algorithm>
#include <array>
#include <utility>

#include "authority/audit.h"
#include "authority/rows.h"
#include "base/encoding.h"
#include "base/text.h"
#include "identity/label.h"
#include "pairing/invite_rows.h"
#include "pairing/paired_keys.h"
#include "pairing/proofs.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

constexpr std::size_t most_description_scalars = 200;
constexpr std::size_t most_url_bytes = 2048;
constexpr std::int64_t kept_after_end_s = 30 * 86'400;

base::Error invalid(std::string_view member, std::string sentence) {
  base::Error error(Code::invalid_member, std::move(sentence));
  error.errors.push_back(
      {.pointer = "/" + std::string(member), .code = "bad_pattern", .detail = error.message});
  return error;
}

base::Result<void> check_description(std::string_view text) {
  bool plain = base::is_utf8(text);
  for (std::size_t at = 0; plain && at < text.size();) {
    plain = !base::is_control_or_bidi(base::next_scalar(text, at));
  }
  if (plain && base::scalar_count(text) <= most_description_scalars) return {};
  return invalid("description", "A description has at most 200 characters, none of control.");
}

/// `http://` or `https://`, a host, no user, query, fragment or last slash.
base::Result<void> check_url(std::string_view url) {
  const bool web = url.starts_with("http://") || url.starts_with("https://");
  const std::string_view rest = web ? url.substr(url.find("://") + 3) : std::string_view{};
  const bool plain = std::ranges::all_of(url, [](char c) {
    return c > 0x20 && c < 0x7F && std::string_view("\"<>\\^`{|}@?#").find(c) == std::string::npos;
  });
  if (plain && !rest.empty() && !rest.starts_with('/') && !rest.ends_with('/') &&
      url.size() <= most_url_bytes) {
    return {};
  }
  return invalid("url", "A base URL is http:// or https://, a host, and perhaps a path.");
}

std::string new_nonce(base::Random& random) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  return base::base64url(bytes);
}

/// Without the signatures.
Invite unsigned_invite(const InviteRecord& record) {
  Invite invite;
  invite.addr = record.agent.text();
  invite.desc = record.description;
  invite.exp = record.expires_at;
  invite.name = record.name;
  invite.nonce = record.nonce;
  invite.url = record.url;
  invite.members = {{"addr", invite.addr},   {"exp", invite.exp}, {"name", invite.name},
                    {"nonce", invite.nonce}, {"url", invite.url}, {"v", 1}};
  if (invite.desc) invite.members["desc"] = *invite.desc;
  return invite;
}

/// Digits without 0x, as the link has them.
base::Result<std::string> signature_for(Host& host, identity::Prefix prefix, std::string_view text,
                                        const HostAgent& agent) {
  TRY(const auto signature, signed_by_agent(host, prefix, text, agent));
  return signature.substr(2);
}

base::Result<void> sign(Host& host, const HostAgent& agent, Invite& invite) {
  TRY(invite.sig, signature_for(host, identity::Prefix::invite,
                                invite_text(invite.addr, invite.nonce, invite.exp), agent));
  TRY(invite.sig2, signature_for(host, identity::Prefix::kronborg_invite,
                                 covered_by_sig2(invite.members), agent));
  invite.members["sig"] = invite.sig;
  invite.members["sig2"] = *invite.sig2;
  return {};
}

}  // namespace

base::Result<InviteRecord> invite_of(const sql::Row& row, std::int64_t now) {
  InviteRecord record{.nonce = row.text(0),
                      .agent_id = row.text(2),
                      .agent = {},
                      .name = row.text(4),
                      .description = row.maybe_text(5),
                      .url = row.text(6),
                      .issued_at_ms = row.integer(7),
                      .expires_at = row.integer(8),
                      .state = row.text(9),
                      .used_at_ms = row.maybe_integer(10),
                      .redeemed_from = row.maybe_text(11),
                      .key_id = row.maybe_text(12),
                      .revoked_at_ms = row.maybe_integer(13)};
  TRY(record.agent, authority::address_from(row.text(3)));
  if (record.state == "active" && now >= record.expires_at) record.state = "expired";
  return record;
}

base::Result<void> insert_invite(sql::Transaction& transaction, const InviteRecord& record,
                                 std::int64_t seq) {
  TRY_VOID(transaction(
      "INSERT INTO pairing_invites (nonce, seq, agent_id, address, name, description, url, "
      "issued_at_ms, expires_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active')",
      record.nonce, seq, record.agent_id, record.agent.lower(), record.name, record.description,
      record.url, record.issued_at_ms, record.expires_at));
  return {};
}

base::Result<IssuedInvite> Invites::issue(const authority::Actor& actor, const NewInvite& wanted) {
  TRY(const auto agent, parts_.host.agent_of_id(wanted.agent_id));
  if (!agent) return Code::agent_not_found;
  const std::int64_t now_ms = parts_.authority.clock.now_ms();
  IssuedInvite issued;
  InviteRecord& record = issued.record;
  record.agent_id = agent->id;
  record.agent = agent->address;
  TRY(record.name, identity::normalise_label(wanted.name.value_or(agent->name)));
  if (wanted.description && !wanted.description->empty()) record.description = wanted.description;
  TRY_VOID(check_description(record.description.value_or("")));
  record.url = wanted.url.value_or(parts_.origin);
  TRY_VOID(check_url(record.url));
  record.nonce = new_nonce(parts_.authority.random);
  record.issued_at_ms = now_ms;
  record.expires_at = now_ms / 1000 + seconds_of(wanted.life);
  record.state = "active";
  Invite invite = unsigned_invite(record);
  TRY_VOID(sign(parts_.host, *agent, invite));
  TRY_VOID(
      parts_.authority.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        object detail{
            {"agentId", agent->id}, {"name", record.name}, {"expiresAt", record.expires_at}};
        TRY(const auto seq,
            authority::record_audit(
                transaction, parts_.authority, actor,
                {.type = "invite.create", .subject = record.nonce, .detail = std::move(detail)}));
        return insert_invite(transaction, record, seq);
      }));
  issued.link = invite_link(invite);
  return issued;
}

base::Result<authority::Listed<InviteRecord>> Invites::list(const authority::Page& page) {
  authority::Listed<InviteRecord> list;
  const std::int64_t now = parts_.authority.clock.now();
  TRY_VOID(parts_.authority.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer, transaction(INVITE_COLUMNS "WHERE seq > $1 ORDER BY seq LIMIT $2",
                                       page.after, authority::rows_to_fetch(page)));
    TRY(list, authority::listed<InviteRecord>(
                  answer, page, 1, [now](const sql::Row& row) { return invite_of(row, now); }));
    return {};
  }));
  return list;
}

base::Result<InviteRecord> Invites::find(std::string_view nonce) {
  InviteRecord record;
  TRY_VOID(parts_.authority.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer, transaction(INVITE_COLUMNS "WHERE nonce = $1", nonce));
    if (answer.rows.empty()) return Code::invite_unknown;
    TRY(record, invite_of(answer.rows.front(), parts_.authority.clock.now()));
    return {};
  }));
  return record;
}

base::Result<InviteRecord> Invites::revoke(const authority::Actor& actor, std::string_view nonce) {
  InviteRecord record;
  TRY_VOID(
      parts_.authority.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        const std::int64_t now_ms = parts_.authority.clock.now_ms();
        TRY(const auto changed,
            transaction("UPDATE pairing_invites SET state = 'revoked', revoked_at_ms = $2 "
                        "WHERE nonce = $1 AND state <> 'revoked'",
                        nonce, now_ms));
        TRY(const auto answer, transaction(INVITE_COLUMNS "WHERE nonce = $1", nonce));
        if (answer.rows.empty()) {
          return base::Error(Code::not_found, "There is no such invite.",
                             "See 'kronborg invite list'.");
        }
        TRY(record, invite_of(answer.rows.front(), now_ms / 1000));
        if (changed.changed == 0) return {};
        std::int64_t keys = 0;
        if (record.key_id) {
          TRY(keys, revoke_key_within(transaction, parts_.authority, actor, *record.key_id,
                                      "invite revoked"));
        }
        object detail{{"agentId", record.agent_id}, {"name", record.name}, {"keysRevoked", keys}};
        TRY_VOID(authority::record_audit(
            transaction, parts_.authority, actor,
            {.type = "invite.revoke", .subject = record.nonce, .detail = std::move(detail)}));
        return {};
      }));
  return record;
}

base::Result<std::int64_t> Invites::purge() {
  std::int64_t purged = 0;
  TRY_VOID(
      parts_.authority.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY(const auto answer, transaction("DELETE FROM pairing_invites WHERE expires_at <= $1",
                                           parts_.authority.clock.now() - kept_after_end_s));
        purged = answer.changed;
        return {};
      }));
  return purged;
}

base::Result<void> end_invites_of_agent(sql::Transaction& transaction, std::string_view agent_id,
                                        std::int64_t now_ms) {
  TRY_VOID(
      transaction("UPDATE pairing_invites SET state = 'revoked', revoked_at_ms = $2 "
                  "WHERE agent_id = $1 AND state = 'active'",
                  agent_id, now_ms));
  return {};
}

}  // namespace kronborg::pairing

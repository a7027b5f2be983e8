#include <algorithm>
#include <array>
#include <utility>

#include "authority/access_keys.h"
#include "authority/key_rows.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/label.h"

namespace kronborg::authority {

namespace {

// `osk-v1.…` and six digits: what is compared is the end of it.
constexpr std::size_t hint_digits = 6;
constexpr std::string_view hint_start = "osk-v1.…";

std::string like_pattern(std::string_view part) {
  std::string pattern = "%";
  for (const char c : base::lower(part)) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + '%';
}

/// The hint that ends with `text`, if there can be one.
std::optional<std::string> hint_ending(std::string_view text) {
  if (text.size() < hint_digits) return std::nullopt;
  std::string hint = std::string(hint_start) + std::string(text.substr(text.size() - hint_digits));
  if (!hint.ends_with(text)) return std::nullopt;
  return hint;
}

bool is_active(const KeyRecord& key, std::int64_t now) {
  return !key.revoked_at_ms && (!key.expires_at || now < *key.expires_at);
}

int row_of(base::Code code) {
  using enum base::Code;
  constexpr std::array rows = {
      token_format,       payload_encoding, signature_encoding, payload_malformed,
      signature_invalid,  issuer_mismatch,  audience_mismatch,  issuer_not_whitelisted,
      issuer_not_allowed, key_revoked,      key_expired};
  return static_cast<int>(std::ranges::find(rows, code) - rows.begin()) + 1;
}

}  // namespace

base::Result<Listed<KeyRecord>> AccessKeys::list(const KeyFilter& filter, const Page& page) {
  std::optional<std::string> label;
  std::optional<std::string> hint;
  if (filter.q) {
    label = like_pattern(*filter.q);
    hint = hint_ending(*filter.q).value_or("");
  }
  Listed<KeyRecord> list;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer,
        transaction(
            KEY_COLUMNS
            "WHERE seq > $1 AND hidden = 0 AND ($2 = 1 OR (revoked_at_ms IS NULL AND "
            "(expires_at IS NULL OR expires_at > $3))) "
            "AND (CAST($4 AS TEXT) IS NULL OR agent_id = $4) "
            "AND (CAST($5 AS TEXT) IS NULL OR LOWER(label) LIKE $5 ESCAPE '!' OR hint = $6) "
            "ORDER BY seq LIMIT $7",
            page.after, filter.all, parts_.clock.now(), filter.agent_id, label, hint,
            rows_to_fetch(page)));
    TRY(list, listed<KeyRecord>(answer, page, 1, key_of));
    return {};
  }));
  return list;
}

base::Result<KeyRecord> AccessKeys::get(std::string_view id) {
  KeyRecord key;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(key, read_key(transaction, base::lower(id)));
    return {};
  }));
  return key;
}

base::Result<KeyRecord> AccessKeys::find(std::string_view text) {
  const auto label = identity::normalise_label(text);
  std::vector<KeyRecord> found;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    found.clear();
    TRY(const auto answer,
        transaction(KEY_COLUMNS "WHERE hidden = 0 AND (id = $1 OR label = $2 OR hint = $3)",
                    base::lower(text), label ? *label : std::string(),
                    hint_ending(text).value_or("")));
    for (const sql::Row& row : answer.rows) {
      TRY(auto key, key_of(row));
      found.push_back(std::move(key));
    }
    return {};
  }));
  const auto by_id = std::ranges::find(found, base::lower(text), &KeyRecord::id);
  if (by_id != found.end()) return *by_id;
  // A label that was used again after its key died means the live one.
  const std::int64_t now = parts_.clock.now();
  const auto active = [&](const KeyRecord& key) { return is_active(key, now); };
  if (std::ranges::any_of(found, active)) {
    std::erase_if(found, [&](const KeyRecord& key) { return !is_active(key, now); });
  }
  if (found.empty()) return base::Code::key_not_found;
  if (found.size() > 1) return base::Code::key_ambiguous;
  return std::move(found.front());
}

Inspection inspect(const Policy& policy, std::string_view text, std::int64_t now) {
  Inspection inspection;
  const auto refuse = [&](base::Code code) {
    inspection.denied = code;
    inspection.row = row_of(code);
    return inspection;
  };
  const auto parsed = std::make_unique<credential::ParsedAccessKey>();
  if (const auto unreadable = parsed->parse(text)) return refuse(*unreadable);
  const auto& claims = parsed->claims();
  inspection.claims = InspectedClaims{.issuer = std::string(claims.issuer),
                                      .audience = std::string(claims.audience),
                                      .label = std::string(claims.label),
                                      .nonce = std::string(claims.nonce),
                                      .counter = claims.counter,
                                      .issued_at = claims.issued_at,
                                      .expires_at = claims.expires_at};
  inspection.recovered = parsed->recover_issuer();
  if (!inspection.recovered) return refuse(base::Code::signature_invalid);
  if (const auto audience = identity::Address::parse(claims.audience)) {
    inspection.master_audience = audience == policy.master;
    const auto agent = policy.agents.find(*audience);
    if (agent != policy.agents.end()) inspection.agent_id = agent->second->id;
  }
  if (const auto denied = judge(policy, claims, *inspection.recovered, now)) return refuse(*denied);
  return inspection;
}

Inspection AccessKeys::inspect(std::string_view text) {
  return authority::inspect(*parts_.board.current(), text, parts_.clock.now());
}

}  // namespace kronborg::authority

#include "api/metrics_credentials.h"

#include <algorithm>

#include "authority/audit.h"
#include "base/encoding.h"
#include "base/random.h"
#include "crypto/hash.h"

namespace kronborg::api {
namespace {

constexpr std::string_view metrics_prefix = "kbm_";
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t secret_characters = 43;
constexpr std::size_t check_characters = 6;
constexpr std::size_t hint_characters = 4;

std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

/// Most significant digit first, padded with `0`.
std::string check_of(std::string_view text) {
  constexpr std::string_view digits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string check(check_characters, '0');
  std::uint32_t rest = crc32(text);
  for (std::size_t i = check_characters; i > 0; --i, rest /= digits.size()) {
    check[i - 1] = digits[rest % digits.size()];
  }
  return check;
}

base::SecretText draw(base::Random& random) {
  base::Secret<secret_bytes> bytes;
  random.fill(bytes.fill());
  std::string text(metrics_prefix);
  text += base::base64url(bytes.reveal());
  text += check_of(text);
  base::SecretText credential(text);
  base::wipe(text.data(), text.size());
  return credential;
}

}  // namespace

bool is_credential(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  if (text.size() != prefix.size() + secret_characters + check_characters) return false;
  const std::string_view body = text.substr(0, text.size() - check_characters);
  if (!base::base64url_strict(body.substr(prefix.size()))) return false;
  return text.substr(body.size()) == check_of(body);
}

base::Result<std::unique_ptr<MetricsCredentials>> MetricsCredentials::open(
    const authority::Parts& parts) {
  std::unique_ptr<MetricsCredentials> credentials(new MetricsCredentials(parts));
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer, transaction("SELECT hash FROM credentials WHERE kind = 'metrics'"));
    for (const sql::Row& row : answer.rows) {
      Digest digest{};
      if (base::hex_strict_into(row.text(0), digest)) credentials->live_.insert(digest);
    }
    return {};
  }));
  return credentials;
}

base::Result<NewCredential> MetricsCredentials::create(const authority::Actor& actor,
                                                       const std::string& label) {
  base::SecretText credential = draw(parts_.random);
  const std::string_view text = credential.reveal();
  const Digest digest = crypto::sha256(base::bytes_of(text));
  const CredentialRecord record{.id = base::uuid4(parts_.random),
                                .label = label,
                                .hint = std::string(text.substr(text.size() - hint_characters)),
                                .created_at_ms = parts_.clock.now_ms()};
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto count, transaction("SELECT COUNT(*) FROM credentials"));
    if (count.rows.at(0).integer(0) >= static_cast<std::int64_t>(max_credentials)) {
      return base::Error(base::Code::limit_reached)
          .with({.name = "limit", .value = "credentials"})
          .with({.name = "max", .value = static_cast<std::int64_t>(max_credentials)});
    }
    TRY(const std::int64_t seq,
        authority::record_audit(transaction, parts_, actor,
                                {.type = "credential.create",
                                 .subject = record.id,
                                 .detail = {{"kind", "metrics"}, {"label", label}}}));
    TRY_VOID(transaction(
        "INSERT INTO credentials (id, seq, kind, label, hint, hash, created_at_ms) "
        "VALUES ($1, $2, 'metrics', $3, $4, $5, $6)",
        record.id, seq, record.label, record.hint, base::hex(digest), record.created_at_ms));
    transaction.on_commit([this, digest] {
      const std::scoped_lock lock(mutex_);
      live_.insert(digest);
    });
    return {};
  }));
  return NewCredential{.record = record, .credential = std::move(credential)};
}

base::Result<authority::Listed<CredentialRecord>> MetricsCredentials::list(
    const authority::Page& page) {
  authority::Listed<CredentialRecord> listed;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer,
        transaction("SELECT seq, id, label, hint, created_at_ms FROM credentials WHERE seq > $1 "
                    "ORDER BY seq LIMIT $2",
                    page.after, page.limit + 1));
    listed = {.items = {}, .last = page.after, .has_more = false};
    for (const sql::Row& row : answer.rows) {
      if (listed.items.size() == static_cast<std::size_t>(page.limit)) {
        listed.has_more = true;
        break;
      }
      listed.last = row.integer(0);
      listed.items.push_back({.id = row.text(1),
                              .label = row.text(2),
                              .hint = row.text(3),
                              .created_at_ms = row.integer(4)});
    }
    return {};
  }));
  return listed;
}

base::Result<void> MetricsCredentials::remove(const authority::Actor& actor, std::string_view id) {
  return parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto gone,
        transaction("DELETE FROM credentials WHERE id = $1 RETURNING hash, label", id));
    if (gone.rows.empty()) {
      return base::Error(base::Code::not_found, "There is no such credential.")
          .with({.name = "object", .value = "credential"});
    }
    TRY_VOID(authority::record_audit(
        transaction, parts_, actor,
        {.type = "credential.delete",
         .subject = std::string(id),
         .detail = {{"kind", "metrics"}, {"label", gone.rows[0].text(1)}}}));
    Digest digest{};
    base::hex_strict_into(gone.rows[0].text(0), digest);
    transaction.on_commit([this, digest] {
      const std::scoped_lock lock(mutex_);
      live_.erase(digest);
    });
    return {};
  });
}

base::Result<void> MetricsCredentials::end_presented(const authority::Actor& actor,
                                                     std::string_view credential) {
  if (!accepts(credential)) return {};
  const std::string hash = base::hex(crypto::sha256(base::bytes_of(credential)));
  std::string id;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto found, transaction("SELECT id FROM credentials WHERE hash = $1", hash));
    if (!found.rows.empty()) id = found.rows.front().text(0);
    return {};
  }));
  auto removed = id.empty() ? base::Result<void>() : remove(actor, id);
  // Somebody else was faster: it is gone, which is what was asked for.
  if (!removed && removed.error().code == base::Code::not_found) return {};
  return removed;
}

bool MetricsCredentials::accepts(std::string_view bearer) const {
  if (!is_credential(bearer, metrics_prefix)) return false;
  const Digest digest = crypto::sha256(base::bytes_of(bearer));
  const std::scoped_lock lock(mutex_);
  return live_.contains(digest);
}

}  // namespace kronborg::api

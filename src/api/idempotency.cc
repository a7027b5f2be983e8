#include "api/idempotency.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random.h"
#include "crypto/hash.h"

namespace kronborg::api {
namespace {

using base::Code;

constexpr std::size_t max_key_characters = 255;
constexpr std::string_view secret_members[] = {"passphrase", "pin", "words"};
/// A secret where identities are dealt with; elsewhere a word of its own.
constexpr std::string_view code_member = "code";
constexpr std::string_view identity_paths = "/api/v1/identity";
constexpr std::string_view running = "running";
constexpr std::string_view finished = "finished";

std::string digest(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  }
  return base::hex(crypto::sha256(base::bytes_of(text)));
}

std::string sorted_query(std::string_view query) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    parts.push_back(query.substr(at, end - at));
    at = end + 1;
  }
  std::ranges::sort(parts);
  return digest(parts);
}

/// Canonical form without secrets: a fast hash over a passphrase would help who steals the store.
std::string canonical_body(std::string_view path, std::string_view body) {
  auto value = base::parse_json(body);
  if (!value) return std::string(body);
  if (auto* object = value->if_object()) {
    for (const std::string_view name : secret_members) object->erase(name);
    if (path.starts_with(identity_paths)) object->erase(code_member);
  }
  return base::canonical_json(*value);
}

base::Result<bool> took_effect(sql::Transaction& transaction, std::int64_t audit_seq,
                               const std::string& request_id) {
  TRY(const auto found, transaction("SELECT COUNT(*) FROM audit WHERE seq > $1 AND request_id = $2",
                                    audit_seq, request_id));
  return found.rows.at(0).integer(0) > 0;
}

}  // namespace

base::Result<std::string> read_idempotency_key(std::string_view field) {
  const bool quoted = field.size() >= 2 && field.front() == '"' && field.back() == '"';
  std::string key;
  const std::string_view text = quoted ? field.substr(1, field.size() - 2) : field;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted && c == '\\') {
      if (++i == text.size() || (text[i] != '"' && text[i] != '\\'))
        return Code::idempotency_key_invalid;
      c = text[i];
    } else if (c == '"' || (!quoted && c == ' ')) {
      return Code::idempotency_key_invalid;
    }
    if (c < 0x20 || c > 0x7E) return Code::idempotency_key_invalid;
    key += c;
  }
  if (key.empty() || key.size() > max_key_characters) return Code::idempotency_key_invalid;
  return key;
}

Repeatable repeatable(const Request& request, std::string_view key) {
  return {.scope = digest({"owner", request.method, request.path, key}),
          .fingerprint = digest({request.method, request.path, sorted_query(request.query),
                                 canonical_body(request.path, request.body)}),
          .request_id = request.request_id};
}

bool is_stored_status(int status) {
  if (status >= 200 && status < 300) return true;
  return status >= 400 && status < 500 && status != 401 && status != 408 && status != 409 &&
         status != 423 && status != 429;
}

Idempotency::Idempotency(const authority::Parts& parts)
    : parts_(parts), process_(base::uuid4(parts.random)) {}

base::Result<std::optional<Response>> Idempotency::begin(const Repeatable& request) {
  bool mine = false;
  {
    const std::scoped_lock lock(mutex_);
    mine = running_.insert(request.scope).second;
  }
  std::optional<Response> stored;
  const auto done = parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(stored, look(transaction, request, mine));
    return {};
  });
  if (mine && (!done || stored)) leave(request);
  if (!done) return done.error();
  return stored;
}

base::Result<std::optional<Response>> Idempotency::look(sql::Transaction& transaction,
                                                        const Repeatable& request, bool mine) {
  const std::int64_t now_ms = parts_.clock.now_ms();
  TRY_VOID(transaction("DELETE FROM idempotency WHERE created_at_ms <= $1",
                       now_ms - idempotency_retention_ms));
  TRY(const auto found,
      transaction(
          "SELECT fingerprint, state, status, content_type, body, created_at_ms, started_by, "
          "request_id, audit_seq FROM idempotency WHERE scope_hash = $1",
          request.scope));
  if (found.rows.empty()) {
    if (!mine) return Code::idempotency_in_flight;
    TRY_VOID(mark(transaction, request));
    return std::optional<Response>();
  }
  const sql::Row& row = found.rows.front();
  if (row.text(0) != request.fingerprint) return Code::idempotency_mismatch;
  if (row.text(1) == finished) {
    Response answer{.status = static_cast<int>(row.integer(2)),
                    .content_type = row.text(3),
                    .body = row.text(4),
                    .fields = {}};
    answer.fields.emplace_back("Idempotency-Replayed", "true");
    return std::optional(std::move(answer));
  }
  const bool set_here = row.maybe_text(6) == process_;
  const bool fresh = now_ms - row.integer(5) < idempotency_release_ms;
  if (!mine || (!set_here && fresh)) return Code::idempotency_in_flight;
  TRY_VOID(take_over(transaction, request, row));
  return std::optional<Response>();
}

base::Result<void> Idempotency::mark(sql::Transaction& transaction, const Repeatable& request) {
  TRY(const auto count, transaction("SELECT COUNT(*) FROM idempotency"));
  if (count.rows.at(0).integer(0) >= max_idempotency_records) return Code::idempotency_capacity;
  TRY(const auto head, transaction("SELECT seq FROM audit_head WHERE one = 1"));
  TRY_VOID(transaction(
      "INSERT INTO idempotency (scope_hash, fingerprint, state, created_at_ms, started_by, "
      "request_id, audit_seq) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      request.scope, request.fingerprint, running, parts_.clock.now_ms(), process_,
      request.request_id, head.rows.at(0).integer(0)));
  return {};
}

base::Result<void> Idempotency::take_over(sql::Transaction& transaction, const Repeatable& request,
                                          const sql::Row& row) {
  TRY(const bool effect,
      took_effect(transaction, row.maybe_integer(8).value_or(0), row.maybe_text(7).value_or("")));
  if (effect) {
    return base::Error(
        Code::conflict,
        "The first request with this Idempotency-Key took effect, but its answer was lost.",
        "List what there is now; send a new request with a new key.");
  }
  TRY(const auto head, transaction("SELECT seq FROM audit_head WHERE one = 1"));
  TRY_VOID(
      transaction("UPDATE idempotency SET started_by = $1, request_id = $2, audit_seq = $3 "
                  "WHERE scope_hash = $4",
                  process_, request.request_id, head.rows.at(0).integer(0), request.scope));
  return {};
}

void Idempotency::finish(const Repeatable& request, const Response& answer) {
  // On an error the mark stays in the store: begin() then asks the audit log.
  const auto stored =
      parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY_VOID(transaction(
            "UPDATE idempotency SET state = $1, status = $2, content_type = $3, body = $4 "
            "WHERE scope_hash = $5",
            finished, answer.status, answer.content_type, answer.body, request.scope));
        return {};
      });
  static_cast<void>(stored);
  leave(request);
}

void Idempotency::release(const Repeatable& request) {
  const auto released =
      parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY_VOID(transaction("DELETE FROM idempotency WHERE scope_hash = $1 AND state = $2",
                             request.scope, running));
        return {};
      });
  static_cast<void>(released);
  leave(request);
}

void Idempotency::leave(const Repeatable& request) {
  const std::scoped_lock lock(mutex_);
  running_.erase(request.scope);
}

}  // namespace kronborg::api

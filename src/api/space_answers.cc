#include "api/space_answers.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/idempotency.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/seal.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;

constexpr std::string_view seal_purpose = "kronborg-idempotency-v1";
constexpr std::size_t salt_bytes = 32;

/// The parts with their lengths, so that no two lists of parts give one text.
std::string digest(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return base::hex(crypto::sha256(base::bytes_of(text)));
}

std::string sorted_query(std::string_view query) {
  std::vector<std::string_view> parts;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    parts.push_back(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::ranges::sort(parts);
  std::string text;
  for (const std::string_view part : parts) text.append(part).append("&");
  return text;
}

std::string canonical_body(const Request& request) {
  const auto value = base::parse_json(request.body);
  return value ? base::canonical_json(*value) : request.body;
}

/// The key that seals one record: nobody without the caller's secret has it.
base::Secret<32> sealing_key(const RepeatableCall& call, base::BytesView salt) {
  std::string info(seal_purpose);
  info += '\0';
  info += call.key;
  return crypto::hkdf_sha256(base::bytes_of(call.secret.reveal()), salt, base::bytes_of(info));
}

// A sealing key is used for one record, so its nonce may be fixed.
constexpr std::array<std::uint8_t, 24> only_nonce{};

/// The answer without its secrets, and a word about them.
std::string withheld_body(const std::string& body, const std::vector<std::string>& secrets) {
  json::value value = json::parse(body);
  json::object& object = value.as_object();
  json::array withheld;
  for (const std::string& name : secrets) {
    if (object.erase(name) > 0) withheld.emplace_back(json::string(name));
  }
  object["secretsWithheld"] = std::move(withheld);
  object["hint"] =
      "A secret is shown once, in the first answer. Send X-Join-Token with a join to make its "
      "answer "
      "fully repeatable.";
  return base::to_text(value);
}

std::string etag_of(const Response& response) {
  for (const auto& [name, value] : response.fields) {
    if (name == "ETag") return value;
  }
  return {};
}

}  // namespace

base::Result<RepeatableCall> repeatable_call(const Request& request,
                                             const credential::SpaceKey& key,
                                             const std::optional<credential::SpaceKey>& join_token,
                                             bool is_join) {
  TRY(std::string sent, read_idempotency_key(request.field("idempotency-key")));
  RepeatableCall call;
  call.key = std::move(sent);
  call.credential = credential::hash_text(key.hash());
  const std::string token = join_token ? credential::hash_text(join_token->hash()) : "";
  const std::string& operation = request.operation.empty() ? request.path : request.operation;
  call.scope = digest({request.method, operation, call.credential, token, call.key});
  call.fingerprint = digest({request.method, operation, sorted_query(request.query),
                             request.field("if-match"), request.field("x-fencing-token"),
                             base::lower(request.field("content-type")), canonical_body(request)});
  std::string secret(base::text_of(key.bytes().reveal()));
  if (join_token) secret.append(base::text_of(join_token->bytes().reveal()));
  call.secret = base::SecretText(secret);
  base::wipe(secret.data(), secret.size());
  call.own_secret = !is_join || join_token.has_value();
  return call;
}

base::Result<std::unique_ptr<SpaceAnswers>> SpaceAnswers::open(const spaces::Parts& parts) {
  std::int64_t stored = 0;
  TRY_VOID(parts.database.read([&](sql::Transaction& run) -> base::Result<void> {
    TRY(const auto counted, run("SELECT COUNT(*) FROM space_answers"));
    stored = counted.rows.at(0).integer(0);
    return {};
  }));
  return std::make_unique<SpaceAnswers>(parts, stored);
}

bool SpaceAnswers::begin(const std::string& scope) {
  const std::scoped_lock lock(mutex_);
  return running_.insert(scope).second;
}

void SpaceAnswers::end(const std::string& scope) {
  const std::scoped_lock lock(mutex_);
  running_.erase(scope);
}

base::Result<std::optional<Response>> SpaceAnswers::find(sql::Transaction& transaction,
                                                         const RepeatableCall& call,
                                                         std::int64_t now_ms, bool dead) const {
  TRY(const auto answer, transaction("SELECT fingerprint, status, content_type, etag, body, salt, "
                                     "created_at_ms, dead_until_ms FROM space_answers "
                                     "WHERE scope = $1",
                                     call.scope));
  if (answer.rows.empty()) return std::optional<Response>();
  const sql::Row& row = answer.rows.front();
  if (now_ms - row.integer(6) >= answer_retention_ms) return std::optional<Response>();
  if (dead && row.maybe_integer(7).value_or(0) <= now_ms) return std::optional<Response>();
  if (row.text(0) != call.fingerprint) return Code::idempotency_mismatch;
  Response response;
  response.status = static_cast<int>(row.integer(1));
  response.content_type = row.text(2);
  if (const auto salt = row.maybe_text(5)) {
    const auto salt_read = base::base64url_strict(*salt);
    const auto sealed = base::base64url_strict(row.text(4));
    if (!salt_read || !sealed) {
      return base::Error(Code::store_damaged, "A stored answer cannot be read.");
    }
    const auto plain = crypto::aead_open(sealing_key(call, *salt_read), only_nonce,
                                         base::bytes_of(call.scope), *sealed);
    if (!plain) return base::Error(Code::store_damaged, "A stored answer cannot be opened.");
    response.body = base::text_of(*plain);
  } else {
    response.body = row.text(4);
  }
  if (const auto etag = row.maybe_text(3)) response.fields.emplace_back("ETag", *etag);
  response.fields.emplace_back("Idempotency-Replayed", "true");
  return std::optional(std::move(response));
}

base::Result<void> SpaceAnswers::store(sql::Transaction& transaction, const RepeatableCall& call,
                                       const Response& response,
                                       const std::vector<std::string>& secrets, bool ends_caller,
                                       std::int64_t now_ms) {
  if (stored_ >= max_answers) return Code::idempotency_capacity;
  TRY(const auto mine,
      transaction("SELECT COUNT(*) FROM (SELECT 1 AS one FROM space_answers WHERE credential = $1 "
                  "LIMIT 5000) AS counted",
                  call.credential));
  if (mine.rows.at(0).integer(0) >= max_answers_per_key) {
    return base::Error(Code::idempotency_capacity).with_status(429);
  }
  std::string body = response.body;
  std::optional<std::string> salt_text;
  if (!secrets.empty() && !call.own_secret) {
    body = withheld_body(body, secrets);
  } else if (!secrets.empty()) {
    std::array<std::uint8_t, salt_bytes> salt{};
    parts_.random.fill(salt);
    const auto sealed = crypto::aead_seal(sealing_key(call, salt), only_nonce,
                                          base::bytes_of(call.scope), base::bytes_of(body));
    body = base::base64url(sealed);
    salt_text = base::base64url(salt);
  }
  const std::string etag = etag_of(response);
  TRY_VOID(transaction(
      "INSERT INTO space_answers (scope, credential, fingerprint, status, content_type, etag, "
      "body, "
      "salt, created_at_ms, dead_until_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
      "ON CONFLICT (scope) DO UPDATE SET fingerprint = $3, status = $4, content_type = $5, "
      "etag = $6, body = $7, salt = $8, created_at_ms = $9, dead_until_ms = $10",
      call.scope, call.credential, call.fingerprint, response.status, response.content_type,
      etag.empty() ? std::nullopt : std::optional(etag), body, salt_text, now_ms,
      ends_caller ? std::optional(now_ms + dead_replay_ms) : std::nullopt));
  transaction.on_commit([this] { ++stored_; });
  return {};
}

}  // namespace kronborg::api

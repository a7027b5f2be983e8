#include "authority/audit.h"

#include <utility>
#include <vector>

#include "authority/rows.h"
#include "base/bytes.h"
#include "base/encoding.h"
#include "base/random.h"
#include "crypto/hash.h"

namespace kronborg::authority {

namespace {

/// hash(row) = SHA-256(hash of the row before ‖ LF ‖ canonical JSON of the row), as hex.
std::string chained(std::string_view before, const AuditEvent& event) {
  const base::json::array row{
      event.seq,
      event.id,
      event.at_ms,
      event.type,
      event.actor,
      event.subject,
      event.detail,
      event.source_address ? base::json::value(*event.source_address) : base::json::value(nullptr),
      event.request_id};
  std::string text(before);
  text += '\n';
  text += base::canonical_json(row);
  return base::hex(crypto::sha256(base::bytes_of(text)));
}

AuditEvent event_of(const sql::Row& row) {
  return {.seq = row.integer(0),
          .id = row.text(1),
          .at_ms = row.integer(2),
          .type = row.text(3),
          .actor = row.text(4),
          .subject = row.text(5),
          .detail = row.text(6),
          .source_address = row.maybe_text(7),
          .request_id = row.text(8)};
}

void raise(std::atomic<std::int64_t>& mark, std::int64_t value) {
  std::int64_t before = mark.load();
  while (before < value && !mark.compare_exchange_weak(before, value)) {
  }
}

constexpr std::int64_t rows_per_step = 500;

}  // namespace

base::Result<std::int64_t> record_audit(sql::Transaction& transaction, const Parts& parts,
                                        const Actor& actor, AuditEntry entry) {
  TRY(const auto head, transaction("SELECT seq, hash FROM audit_head WHERE one = 1"));
  if (head.rows.empty()) {
    return base::Error(base::Code::store_damaged, "The head of the audit log is missing.");
  }
  const AuditEvent event{.seq = head.rows.front().integer(0) + 1,
                         .id = base::uuid4(parts.random),
                         .at_ms = parts.clock.now_ms(),
                         .type = std::string(entry.type),
                         .actor = actor.actor,
                         .subject = std::move(entry.subject),
                         .detail = base::canonical_json(entry.detail),
                         .source_address = actor.source_address,
                         .request_id = actor.request_id};
  const std::string hash = chained(head.rows.front().text(1), event);
  TRY_VOID(transaction(
      "INSERT INTO audit (seq, id, at_ms, type, actor, subject, detail, source_address, "
      "request_id, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      event.seq, event.id, event.at_ms, event.type, event.actor, event.subject, event.detail,
      event.source_address, event.request_id, hash));
  TRY_VOID(transaction("UPDATE audit_head SET seq = $1, hash = $2 WHERE one = 1", event.seq, hash));
  transaction.on_commit([&signals = parts.signals, seq = event.seq] { raise(signals.audit, seq); });
  return event.seq;
}

base::Result<Listed<AuditEvent>> Audit::list(const Filter& filter, const Page& page) {
  Listed<AuditEvent> list;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer,
        transaction("SELECT seq, id, at_ms, type, actor, subject, detail, source_address, "
                    "request_id FROM audit WHERE seq > $1 "
                    "AND (CAST($2 AS TEXT) IS NULL OR type = $2 OR type LIKE $2 || '.%') "
                    "AND (CAST($3 AS BIGINT) IS NULL OR at_ms >= $3) ORDER BY seq LIMIT $4",
                    page.after, filter.type, filter.since_ms, rows_to_fetch(page)));
    TRY(list, listed<AuditEvent>(answer, page, 0, [](const sql::Row& row) {
          return base::Result<AuditEvent>(event_of(row));
        }));
    return {};
  }));
  return list;
}

base::Result<Audit::Finding> Audit::verify() {
  Finding finding;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    finding = {};
    std::string before;
    while (true) {
      TRY(const auto answer,
          transaction("SELECT seq, id, at_ms, type, actor, subject, detail, source_address, "
                      "request_id, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
                      finding.rows, rows_per_step));
      for (const sql::Row& row : answer.rows) {
        const AuditEvent event = event_of(row);
        std::string hash = chained(before, event);
        if (event.seq != finding.rows + 1 || hash != row.text(9)) {
          finding.broken_at = finding.rows + 1;
          return {};
        }
        before = std::move(hash);
        ++finding.rows;
      }
      if (answer.rows.empty()) break;
    }
    TRY(const auto head, transaction("SELECT seq, hash FROM audit_head WHERE one = 1"));
    const bool whole = head.rows.size() == 1 && head.rows.front().integer(0) == finding.rows &&
                       head.rows.front().text(1) == before;
    if (!whole) finding.broken_at = finding.rows + 1;
    return {};
  }));
  return finding;
}

}  // namespace kronborg::authority

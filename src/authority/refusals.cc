#include "authority/audit.h"

namespace kronborg::authority {

namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::size_t max_sources_per_minute = 256;
// Rows that wait for a store that does not answer.
constexpr std::size_t max_pending = 1024;

}  // namespace

void Audit::note_refusal(base::Code code, std::string_view source) {
  const std::int64_t minute = parts_.clock.now_ms() / minute_ms;
  const std::lock_guard lock(mutex_);
  if (minute != minute_) {
    minute_ = minute;
    seen_.clear();
  }
  const RefusalKey key(code, std::string(source));
  if (seen_.contains(key)) return;
  if (seen_.size() >= max_sources_per_minute || pending_.size() >= max_pending) {
    ++suppressed_;
    return;
  }
  seen_.insert(key);
  pending_.push_back(key);
}

base::Result<void> Audit::flush_refusals() {
  std::vector<RefusalKey> rows;
  std::uint64_t suppressed = 0;
  {
    const std::lock_guard lock(mutex_);
    rows.swap(pending_);
    std::swap(suppressed, suppressed_);
  }
  if (rows.empty() && suppressed == 0) return {};
  auto written = parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    for (const auto& [code, source] : rows) {
      const Actor actor{.actor = "anonymous", .source_address = source, .request_id = ""};
      base::json::object detail;
      detail["code"] = base::facts(code).name;
      TRY_VOID(record_audit(transaction, parts_, actor,
                            {.type = "gate.refuse", .subject = "", .detail = std::move(detail)}));
    }
    if (suppressed == 0) return {};
    base::json::object detail;
    detail["count"] = suppressed;
    TRY_VOID(record_audit(
        transaction, parts_, {.actor = "system", .source_address = {}, .request_id = ""},
        {.type = "gate.refuse_more", .subject = "", .detail = std::move(detail)}));
    return {};
  });
  if (!written) {
    const std::lock_guard lock(mutex_);
    pending_.insert(pending_.begin(), rows.begin(), rows.end());
    suppressed_ += suppressed;
  }
  return written;
}

}  // namespace kronborg::authority

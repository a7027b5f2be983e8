#include "authority/replay.h"

#include <algorithm>
#include <array>
#include <utility>

#include "authority/rows.h"

namespace kronborg::authority {

namespace {

std::int64_t rounded_up(std::int64_t at_ms) { return (at_ms + 999) / 1000; }

/// Whether the row was there and could be raised; the device's own refusal otherwise.
base::Result<void> raise_device(sql::Transaction& transaction, const TokenClaim& claim) {
  TRY(const auto raised,
      transaction("UPDATE devices SET last_seen_at_ms = $2, "
                  "sign_count = COALESCE(CAST($3 AS BIGINT), sign_count) WHERE id = $1 "
                  "AND revoked_at_ms IS NULL "
                  "AND (CAST($3 AS BIGINT) IS NULL OR sign_count < CAST($3 AS BIGINT))",
                  claim.device.text(), claim.now_ms, claim.assertion_count));
  if (raised.changed > 0) return {};
  TRY(const auto found,
      transaction("SELECT revoked_at_ms FROM devices WHERE id = $1", claim.device.text()));
  if (found.rows.empty()) return base::Code::device_unknown;
  return found.rows.front().is_null(0) ? base::Code::device_assertion_invalid
                                       : base::Code::device_revoked;
}

/// True when it was below.
base::Result<bool> raise_counter(sql::Transaction& transaction, const identity::Address& issuer,
                                 const identity::DeviceId& device, std::uint64_t counter) {
  TRY(const auto raised,
      transaction("INSERT INTO request_counters (issuer, device, counter) VALUES ($1, $2, $3) "
                  "ON CONFLICT (issuer, device) DO UPDATE SET counter = excluded.counter "
                  "WHERE request_counters.counter < excluded.counter",
                  issuer.lower(), device.text(), sql::u64_text(counter)));
  return raised.changed > 0;
}

base::Result<void> raise_in_store(sql::Transaction& transaction, const TokenClaim& claim) {
  TRY_VOID(raise_device(transaction, claim));
  TRY(const bool raised, raise_counter(transaction, claim.issuer, claim.device, claim.counter));
  if (!raised) return base::Code::request_token_replayed;
  return {};
}

constexpr std::array refusals{base::Code::device_unknown, base::Code::device_revoked,
                              base::Code::device_assertion_invalid,
                              base::Code::request_token_replayed};

base::Result<std::optional<base::Code>> outcome(const base::Result<void>& written) {
  if (written) return std::optional<base::Code>();
  const base::Code code = written.error().code;
  if (std::ranges::find(refusals, code) == refusals.end()) return written.error();
  return std::optional(code);
}

}  // namespace

Replay::Replay(sql::Database& database, const base::Clock& clock)
    : database_(database),
      in_store_(database.facts().kind != "sqlite"),
      start_(rounded_up(clock.now_ms())) {}

base::Result<void> Replay::load() {
  if (in_store_) return {};
  return database_.read([&](sql::Transaction& transaction) { return read(transaction); });
}

base::Result<void> Replay::read(sql::Transaction& transaction) {
  const std::lock_guard lock(mutex_);
  counters_.clear();
  devices_.clear();
  TRY(const auto counters, transaction("SELECT issuer, device, counter FROM request_counters"));
  for (const sql::Row& row : counters.rows) {
    TRY(const auto issuer, address_from(row.text(0)));
    TRY(const auto device, device_id_from(row.text(1)));
    TRY(const auto last, counter_from(row.text(2)));
    counters_.emplace(Key{issuer, device}, Counter{.last = last});
  }
  TRY(const auto devices, transaction("SELECT id, sign_count, last_seen_at_ms FROM devices "
                                      "WHERE last_seen_at_ms IS NOT NULL"));
  for (const sql::Row& row : devices.rows) {
    TRY(const auto id, device_id_from(row.text(0)));
    const Device device{.assertion_count = static_cast<std::uint32_t>(row.integer(1)),
                        .seen_ms = row.integer(2)};
    start_ = std::max(start_, rounded_up(device.seen_ms));
    devices_.emplace(id, device);
  }
  return {};
}

void Replay::note(const Key& key, Counter& counter) {
  if (!std::exchange(counter.changed, true)) changed_counters_.push_back(key);
}

void Replay::note(const identity::DeviceId& id, Device& device) {
  if (!std::exchange(device.changed, true)) changed_devices_.push_back(id);
}

std::optional<base::Code> Replay::raise(const TokenClaim& claim, Before& before) {
  const Key key{claim.issuer, claim.device};
  const std::lock_guard lock(mutex_);
  const auto seen = devices_.find(claim.device);
  before.assertion_count = seen == devices_.end() ? 0 : seen->second.assertion_count;
  if (claim.assertion_count && *claim.assertion_count <= before.assertion_count) {
    return base::Code::device_assertion_invalid;
  }
  const auto [counter, is_first] = counters_.try_emplace(key, Counter{.last = claim.counter});
  if (!is_first) {
    if (claim.counter <= counter->second.last) return base::Code::request_token_replayed;
    before.counter = counter->second.last;
    counter->second.last = claim.counter;
  }
  note(key, counter->second);
  Device& device = devices_[claim.device];
  device.assertion_count = claim.assertion_count.value_or(device.assertion_count);
  device.seen_ms = std::max(device.seen_ms, claim.now_ms);
  note(claim.device, device);
  return std::nullopt;
}

/// Takes a claim back that was raised and not accepted, unless something was raised above it.
void Replay::lower(const TokenClaim& claim, const Before& before) {
  const std::lock_guard lock(mutex_);
  const auto counter = counters_.find(Key{claim.issuer, claim.device});
  if (counter == counters_.end() || counter->second.last != claim.counter) return;
  if (before.counter) {
    counter->second.last = *before.counter;
  } else {
    counters_.erase(counter);
  }
  Device& device = devices_[claim.device];
  if (device.assertion_count == claim.assertion_count) {
    device.assertion_count = before.assertion_count;
  }
}

std::optional<base::Code> Replay::accept(const TokenClaim& claim) {
  Before before;
  return raise(claim, before);
}

base::Result<std::optional<base::Code>> Replay::accept_durably(const TokenClaim& claim) {
  if (in_store_) {
    return outcome(database_.write(
        [&](sql::Transaction& transaction) { return raise_in_store(transaction, claim); }));
  }
  Before before;
  if (auto refused = raise(claim, before)) return refused;
  // Memory has decided. The store may hold as much already, from a flush in between.
  Changes changes;
  changes.counters.emplace_back(Key{claim.issuer, claim.device}, claim.counter);
  changes.devices.emplace_back(
      claim.device,
      Device{.assertion_count = claim.assertion_count.value_or(0), .seen_ms = claim.now_ms});
  const auto written =
      database_.write([&](sql::Transaction& transaction) { return write(transaction, changes); });
  if (written) return std::optional<base::Code>();
  lower(claim, before);
  return written.error();
}

Replay::Changes Replay::take_changes() {
  Changes changes;
  const std::lock_guard lock(mutex_);
  for (const Key& key : std::exchange(changed_counters_, {})) {
    const auto counter = counters_.find(key);
    if (counter == counters_.end()) continue;  // taken back
    counter->second.changed = false;
    changes.counters.emplace_back(key, counter->second.last);
  }
  for (const auto& id : std::exchange(changed_devices_, {})) {
    Device& device = devices_[id];
    device.changed = false;
    changes.devices.emplace_back(id, device);
  }
  return changes;
}

void Replay::put_back(const Changes& changes) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, last] : changes.counters) {
    const auto counter = counters_.find(key);
    if (counter != counters_.end()) note(key, counter->second);
  }
  for (const auto& [id, device] : changes.devices) note(id, devices_[id]);
}

base::Result<void> Replay::write(sql::Transaction& transaction, const Changes& changes) {
  for (const auto& [key, last] : changes.counters) {
    TRY_VOID(raise_counter(transaction, key.issuer, key.device, last));
  }
  for (const auto& [id, device] : changes.devices) {
    TRY_VOID(transaction(
        "UPDATE devices SET sign_count = CASE WHEN sign_count < $2 THEN $2 ELSE sign_count END, "
        "last_seen_at_ms = CASE WHEN last_seen_at_ms > $3 THEN last_seen_at_ms ELSE $3 END "
        "WHERE id = $1",
        id.text(), device.assertion_count, device.seen_ms));
  }
  return {};
}

base::Result<void> Replay::flush() {
  const Changes changes = take_changes();
  if (changes.counters.empty() && changes.devices.empty()) return {};
  auto written =
      database_.write([&](sql::Transaction& transaction) { return write(transaction, changes); });
  if (!written) put_back(changes);
  return written;
}

}  // namespace kronborg::authority

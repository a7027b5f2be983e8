#include "authority/devices.h"

#include <utility>

#include "authority/audit.h"
#include "authority/device_rows.h"
#include "authority/rows.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::authority {

namespace {

void publish(PolicyBoard& board, const std::shared_ptr<const DeviceFacts>& facts) {
  board.publish([&](Policy& policy) { policy.devices[facts->id] = facts; });
}

base::Result<DeviceRecord> require_device(sql::Transaction& transaction, std::string_view id) {
  TRY(auto device, read_device(transaction, id));
  if (!device) return base::Code::device_not_found;
  return *std::move(device);
}

}  // namespace

base::Result<std::array<std::uint8_t, 32>> Devices::challenge() {
  std::array<std::uint8_t, 32> challenge{};
  parts_.random.fill(challenge);
  const std::int64_t now_ms = parts_.clock.now_ms();
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(transaction("DELETE FROM device_challenges WHERE expires_at_ms <= $1", now_ms));
    TRY_VOID(transaction(
        "DELETE FROM device_challenges WHERE hash IN (SELECT hash FROM device_challenges "
        "ORDER BY expires_at_ms DESC, hash LIMIT 1000000 OFFSET $1)",
        max_device_challenges - 1));
    TRY_VOID(transaction("INSERT INTO device_challenges (hash, expires_at_ms) VALUES ($1, $2)",
                         base::hex(crypto::sha256(challenge)),
                         now_ms + device_challenge_seconds * 1000));
    return {};
  }));
  return challenge;
}

base::Result<RegisteredDevice> Devices::insert(const Actor& actor, const NewDevice& device,
                                               DeviceRecord record, base::BytesView receipt) {
  RegisteredDevice registered;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto identity, require_identity(transaction));
    TRY(const auto existing, read_device(transaction, record.id));
    if (existing) {
      const bool is_same = existing->public_key == record.public_key &&
                           device.issuer.value_or(existing->issuer) == existing->issuer;
      if (!is_same) return base::Code::device_id_conflict;
      registered = {.record = *existing, .is_new = false};
      return {};
    }
    // The host's own device has a key.
    if (!record.public_key && record.id == identity.device_id) {
      return base::Code::device_id_conflict;
    }
    record.issuer = device.issuer.value_or(identity.master);
    TRY(const auto agent,
        transaction("SELECT 1 FROM agents WHERE address = $1", record.issuer.lower()));
    if (!agent.rows.empty()) {
      return base::Error(base::Code::invalid_member,
                         "An agent uses the devices that are registered for its master.");
    }
    TRY(const auto count, transaction("SELECT COUNT(*) FROM devices"));
    if (count.rows.at(0).integer(0) >= max_devices) return base::Code::limit_reached;
    TRY_VOID(add_device(transaction, parts_, actor, record, receipt));
    registered = {.record = record, .is_new = true};
    return {};
  }));
  return registered;
}

base::Result<Listed<DeviceRecord>> Devices::list(const Page& page) {
  Listed<DeviceRecord> list;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer, transaction(DEVICE_COLUMNS "WHERE seq > $1 ORDER BY seq LIMIT $2",
                                       page.after, rows_to_fetch(page)));
    TRY(list, listed<DeviceRecord>(answer, page, 0, device_of));
    return {};
  }));
  return list;
}

base::Result<DeviceRecord> Devices::get(std::string_view id) {
  std::optional<DeviceRecord> device;
  TRY_VOID(parts_.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(device, require_device(transaction, id));
    return {};
  }));
  return *std::move(device);
}

base::Result<DeviceRecord> Devices::revoke(const Actor& actor, std::string_view id) {
  std::optional<DeviceRecord> device;
  TRY_VOID(parts_.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(device, require_device(transaction, id));
    if (device->revoked_at_ms) return {};
    device->revoked_at_ms = parts_.clock.now_ms();
    TRY_VOID(transaction("UPDATE devices SET revoked_at_ms = $2 WHERE id = $1", id,
                         *device->revoked_at_ms));
    TRY_VOID(record_audit(transaction, parts_, actor,
                          {.type = "device.revoke", .subject = device->id, .detail = {}}));
    TRY(auto facts, facts_of(*device));
    // Refused before the commit: memory only ever refuses more than the store.
    publish(parts_.board, std::make_shared<const DeviceFacts>(std::move(facts)));
    return {};
  }));
  return *std::move(device);
}

}  // namespace kronborg::authority

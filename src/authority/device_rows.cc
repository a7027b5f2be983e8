#include "authority/device_rows.h"

#include <algorithm>
#include <utility>

#include "authority/audit.h"
#include "authority/rows.h"
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/hash.h"

namespace kronborg::authority {

namespace {

base::Error damaged(const char* what) { return {base::Code::store_damaged, what}; }

std::optional<std::string> text_of(const base::json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

base::Result<AttestationSummary> summary_of(const std::string& text) {
  const auto parsed = base::parse_json(text);
  const auto* const object = parsed ? parsed->if_object() : nullptr;
  const auto* const verified = object == nullptr ? nullptr : object->if_contains("verified");
  const auto* const at = object == nullptr ? nullptr : object->if_contains("at");
  if (verified == nullptr || !verified->is_bool() || at == nullptr || !at->is_int64()) {
    return damaged("The store holds an invalid attestation of a device.");
  }
  return AttestationSummary{.verified = verified->get_bool(),
                            .format = text_of(*object, "format").value_or(""),
                            .at_ms = at->get_int64(),
                            .app_id = text_of(*object, "appId"),
                            .environment = text_of(*object, "environment"),
                            .manufacturer = text_of(*object, "manufacturer"),
                            .chain = text_of(*object, "chain")};
}

base::json::object json_of(const AttestationSummary& summary) {
  base::json::object object;
  object["verified"] = summary.verified;
  object["format"] = summary.format;
  object["at"] = summary.at_ms;
  if (summary.app_id) object["appId"] = *summary.app_id;
  if (summary.environment) object["environment"] = *summary.environment;
  if (summary.manufacturer) object["manufacturer"] = *summary.manufacturer;
  if (summary.chain) object["chain"] = *summary.chain;
  return object;
}

}  // namespace

base::Result<DeviceRecord> device_of(const sql::Row& row) {
  DeviceRecord device{.id = row.text(1),
                      .kind = {},
                      .issuer = {},
                      .name = row.maybe_text(5),
                      .public_key = {},
                      .attestation = {},
                      .sign_count = static_cast<std::uint32_t>(row.integer(6)),
                      .created_at_ms = row.integer(8),
                      .last_seen_at_ms = row.maybe_integer(9),
                      .revoked_at_ms = row.maybe_integer(10)};
  const auto kind = identity::device_kind_named(row.text(2));
  if (!kind) return damaged("The store holds an invalid kind of device.");
  device.kind = *kind;
  TRY(device.issuer, address_from(row.text(3)));
  TRY(device.attestation, summary_of(row.text(7)));
  if (!row.is_null(4)) {
    auto& key = device.public_key.emplace();
    if (row.text(4).size() != 2 * key.size() || !base::hex_strict_into(row.text(4), key)) {
      return damaged("The store holds an invalid key of a device.");
    }
  }
  return device;
}

base::Result<std::optional<DeviceRecord>> read_device(sql::Transaction& transaction,
                                                      std::string_view id) {
  TRY(const auto answer, transaction(DEVICE_COLUMNS "WHERE id = $1", id));
  if (answer.rows.empty()) return std::optional<DeviceRecord>();
  TRY(auto device, device_of(answer.rows.front()));
  return std::optional(std::move(device));
}

base::Result<void> insert_device(sql::Transaction& transaction, const DeviceRecord& device,
                                 base::BytesView receipt, std::int64_t seq) {
  std::optional<std::string> key;
  if (device.public_key) key = base::hex(*device.public_key);
  std::optional<std::string> stored_receipt;
  if (!receipt.empty()) stored_receipt = base::base64url(receipt);
  TRY_VOID(transaction(
      "INSERT INTO devices (id, seq, kind, issuer, public_key, name, sign_count, "
      "attestation, receipt, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      device.id, seq, identity::device_kind_name(device.kind), device.issuer.lower(), key,
      device.name, device.sign_count, base::canonical_json(json_of(device.attestation)),
      stored_receipt, device.created_at_ms));
  return {};
}

base::Result<void> add_device(sql::Transaction& transaction, const Parts& parts, const Actor& actor,
                              const DeviceRecord& device, base::BytesView receipt) {
  base::json::object detail;
  detail["kind"] = identity::device_kind_name(device.kind);
  detail["issuer"] = device.issuer.text();
  detail["verified"] = device.attestation.verified;
  TRY(const auto seq,
      record_audit(transaction, parts, actor,
                   {.type = "device.register", .subject = device.id, .detail = std::move(detail)}));
  TRY_VOID(insert_device(transaction, device, receipt, seq));
  TRY(auto facts, facts_of(device));
  transaction.on_commit(
      [&board = parts.board, shared = std::make_shared<const DeviceFacts>(std::move(facts))] {
        board.publish([&](Policy& policy) { policy.devices[shared->id] = shared; });
      });
  return {};
}

base::Result<DeviceFacts> facts_of(const DeviceRecord& device) {
  TRY(const auto id, device_id_from(device.id));
  DeviceFacts facts{.id = id,
                    .kind = device.kind,
                    .issuer = device.issuer,
                    .key = {},
                    .app_id_hash = {},
                    .name = device.name.value_or(""),
                    .revoked = device.revoked_at_ms.has_value()};
  if (device.public_key) {
    facts.key = crypto::P256Verifier::of(*device.public_key);
    if (!facts.key) return damaged("The store holds a device key that is on no curve.");
  }
  if (device.attestation.app_id) {
    facts.app_id_hash = crypto::sha256(base::bytes_of(*device.attestation.app_id));
  }
  return facts;
}

base::Result<void> load_devices(sql::Transaction& transaction, Policy& policy) {
  TRY(const auto answer, transaction(DEVICE_COLUMNS));
  for (const sql::Row& row : answer.rows) {
    TRY(const auto device, device_of(row));
    TRY(auto facts, facts_of(device));
    const auto id = facts.id;
    policy.devices.emplace(id, std::make_shared<const DeviceFacts>(std::move(facts)));
  }
  return {};
}

}  // namespace kronborg::authority

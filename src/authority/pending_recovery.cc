#include <charconv>
#include <utility>

#include "authority/restore.h"
#include "authority/rows.h"
#include "authority/stored_values.h"
#include "base/json.h"
#include "identity/bundle_content.h"

// The row of a recovery that is under way.

namespace kronborg::authority {

namespace {

using base::json::object;

base::Error damaged() {
  return {base::Code::store_damaged, "The store holds a recovery that cannot be read."};
}

std::optional<std::string> text_in(const object& row, std::string_view name) {
  const auto* const value = row.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> integer_in(const object& row, std::string_view name) {
  const auto* const value = row.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

base::json::array files_of(const PendingRecovery& pending) {
  base::json::array files;
  for (const keyholder::PlacedFile& file : pending.files) {
    files.push_back(object{{"target", file.target},
                           {"temporary", file.temporary},
                           {"inode", std::to_string(file.inode)},
                           {"replaces", file.replaces}});
  }
  return files;
}

base::Result<std::vector<keyholder::PlacedFile>> read_files(const object& row) {
  const auto* const member = row.if_contains("files");
  const base::json::array* const list = member == nullptr ? nullptr : member->if_array();
  if (list == nullptr) return damaged();
  std::vector<keyholder::PlacedFile> files;
  for (const base::json::value& value : *list) {
    const object* const entry = value.if_object();
    if (entry == nullptr) return damaged();
    auto target = text_in(*entry, "target");
    auto temporary = text_in(*entry, "temporary");
    const auto inode = text_in(*entry, "inode");
    const auto* const replaces = entry->if_contains("replaces");
    keyholder::PlacedFile file;
    if (!target || !temporary || !inode || replaces == nullptr || !replaces->is_bool() ||
        std::from_chars(inode->data(), inode->data() + inode->size(), file.inode).ec !=
            std::errc()) {
      return damaged();
    }
    file.target = *std::move(target);
    file.temporary = *std::move(temporary);
    file.replaces = replaces->get_bool();
    files.push_back(std::move(file));
  }
  return files;
}

std::string text_of(const PendingRecovery& pending) {
  object row{{"files", files_of(pending)},
             {"master", pending.facts.master.lower()},
             {"deviceId", pending.facts.device_id},
             {"keystore", pending.facts.keystore},
             {"createdAtMs", pending.facts.created_at_ms},
             {"bundleWrittenAtMs", pending.facts.bundle_updated_at_ms.value_or(0)},
             {"fromBundle", pending.from_bundle},
             {"revokeEarlier", pending.earlier == identity::EarlierKeys::revoke},
             {"content", pending.content}};
  if (pending.facts.recovery_folder) row["recoveryFolder"] = *pending.facts.recovery_folder;
  if (pending.bundle_updated_at) row["bundleUpdatedAt"] = *pending.bundle_updated_at;
  return base::to_text(row);
}

base::Result<PendingRecovery> pending_of(const object& row) {
  PendingRecovery pending;
  const auto master = identity::Address::parse(text_in(row, "master").value_or(""));
  auto device_id = text_in(row, "deviceId");
  auto keystore = text_in(row, "keystore");
  auto content = text_in(row, "content");
  const auto created_at = integer_in(row, "createdAtMs");
  const auto* const from_bundle = row.if_contains("fromBundle");
  const auto* const revoke = row.if_contains("revokeEarlier");
  if (!master || !device_id || !keystore || !content || !created_at || from_bundle == nullptr ||
      !from_bundle->is_bool() || revoke == nullptr || !revoke->is_bool()) {
    return damaged();
  }
  pending.facts.master = *master;
  pending.facts.device_id = *std::move(device_id);
  pending.facts.keystore = *std::move(keystore);
  pending.facts.created_at_ms = *created_at;
  pending.facts.bundle_updated_at_ms = integer_in(row, "bundleWrittenAtMs");
  pending.facts.recovery_folder = text_in(row, "recoveryFolder");
  pending.from_bundle = from_bundle->get_bool();
  pending.earlier =
      revoke->get_bool() ? identity::EarlierKeys::revoke : identity::EarlierKeys::keep;
  pending.bundle_updated_at = integer_in(row, "bundleUpdatedAt");
  pending.content = *std::move(content);
  TRY(pending.files, read_files(row));
  return pending;
}

}  // namespace

base::Result<void> write_pending(sql::Transaction& transaction, const PendingRecovery& pending) {
  return write_value(transaction, pending_recovery_name, text_of(pending));
}

base::Result<void> write_committed(sql::Transaction& transaction, const PendingRecovery& pending) {
  const object row{{"committed", true}, {"files", files_of(pending)}};
  return write_value(transaction, pending_recovery_name, base::to_text(row));
}

base::Result<void> clear_pending(sql::Transaction& transaction) {
  return remove_value(transaction, pending_recovery_name);
}

base::Result<void> settle_recovery(const Parts& parts) {
  std::optional<std::string> text;
  TRY_VOID(parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(text, read_value(transaction, pending_recovery_name));
    return {};
  }));
  if (!text) return {};
  const auto parsed = identity::parse_bundle_json(*text);
  const object* const row = parsed ? parsed->if_object() : nullptr;
  if (row == nullptr) return damaged();
  if (row->contains("committed")) {
    TRY(const auto files, read_files(*row));
    keyholder::finish_placement(files);
    return parts.database.write(clear_pending);
  }
  TRY(const PendingRecovery pending, pending_of(*row));
  keyholder::undo_placement(pending.files);
  const auto keystore = parts.key_holder.keystore();
  // The device key is drawn anew by every recovery: it tells whose keystore this is.
  if (keystore && keystore->master == pending.facts.master &&
      keystore->device_id == pending.facts.device_id) {
    const Actor actor{.actor = "system", .source_address = std::nullopt, .request_id = ""};
    TRY_VOID(parts.database.write([&](sql::Transaction& transaction) {
      return restore(transaction, parts, actor, pending);
    }));
  }
  return parts.database.write(clear_pending);
}

}  // namespace kronborg::authority

#include <fmt/format.h>

#include "app/folder_lock.h"
#include "app/schema.h"
#include "cli/commands.h"
#include "sql/open.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

struct StoreOptions {
  std::string file;
};

int check(Context& context) {
  const auto reply = context.call("POST", "/api/v1/store/check");
  if (!reply) return context.fail(reply.error());
  const auto& findings = array_of(reply->value, "findings");
  context.show(reply->value, [&] {
    if (findings.empty()) fmt::print("the store is sound\n");
    for (const auto& finding : findings) fmt::print("{}\n", base::to_text(finding));
  });
  return findings.empty() ? done : server_error;
}

int backup(Context& context, const StoreOptions& options) {
  const auto file = std::filesystem::absolute(options.file).string();
  const auto reply = context.call("POST", "/api/v1/store/backup", json::object{{"file", file}});
  if (!reply) return context.fail(reply.error());
  return context.show(reply->value, [&] {
    fmt::print("{}\n", file);
    fmt::print(stderr,
               "the backup does not hold the master key; keystore.json and recovery.json are files "
               "beside the store\n");
  });
}

base::Result<void> restore_file(Context& context, const StoreOptions& options) {
  if (context.server_runs()) {
    return base::Error(base::Code::store_in_use, "the server is running",
                       "stop it, restore, start it again");
  }
  TRY(const auto config, context.load_config());
  if (!config.text("store.url").empty()) {
    return base::Error(base::Code::usage, "the store is a PostgreSQL database",
                       "restore it with pg_restore or psql");
  }
  TRY(const auto folder, context.folder());
  TRY(const auto lock, app::FolderLock::take(folder));
  return sql::restore_sqlite(folder / "kronborg.db", options.file, app::schema().back().version);
}

int restore(Context& context, const StoreOptions& options) {
  const auto restored = restore_file(context, options);
  if (!restored) return context.fail(restored.error());
  return context.show(json::object{{"restored", options.file}}, [] {
    fmt::print(
        stderr,
        "restored. Revocations made after that backup are not in it:\n"
        "hint: 'kronborg key revoke-issuer <master address>' revokes every key issued so far\n");
  });
}

/// Opening the store brings it up to date: nothing else is left to do.
int migrate(Context& context) {
  const auto reply = context.call("GET", "/api/v1/status");
  if (!reply) return context.fail(reply.error());
  const auto& store = reply->value.at("store");
  return context.show(store,
                      [&] { fmt::print("schema version {}\n", text_of(store, "schemaVersion")); });
}

}  // namespace

void add_store_commands(const Shell& shell) {
  const auto noun = shell.noun("store", "the store: check, back up, restore");
  auto& context = shell.context;
  auto options = std::make_shared<StoreOptions>();
  noun.verb("check", "check the integrity of the store", "kronborg store check",
            [&context] { return check(context); });
  noun.verb("backup", "copy the store into a new file, also while it is used",
            "kronborg store backup ./kronborg-backup.db",
            [&context, options] { return backup(context, *options); })
      ->add_option("file", options->file, "new file")
      ->required();
  noun.verb("restore", "replace the store by a backup; no server may run",
            "kronborg store restore ./kronborg-backup.db",
            [&context, options] { return restore(context, *options); })
      ->add_option("file", options->file, "backup")
      ->required()
      ->check(CLI::ExistingFile);
  noun.verb("migrate", "bring the store to the schema of this version", "kronborg store migrate",
            [&context] { return migrate(context); });
}

}  // namespace kronborg::cli

#include "app/app.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "app/doctor.h"
#include "app/status.h"
#include "authority/load.h"
#include "authority/store_schema.h"
#include "base/file.h"
#include "sql/migrations.h"
#include "sql/open.h"

namespace kronborg::app {

using base::Code;
using base::Error;
using base::Result;

App::App(AppOptions options, FolderLock lock)
    : options_(std::move(options)), lock_(std::move(lock)) {}

Result<std::unique_ptr<App>> App::open(AppOptions options) {
  TRY_VOID(base::prepare_private_folder(options.data_folder));
  TRY(auto lock, FolderLock::take(options.data_folder));
  std::unique_ptr<App> app(new App(std::move(options), std::move(lock)));
  TRY_VOID(app->wire());
  return app;
}

Result<void> App::wire() {
  const auto& folder = options_.data_folder;
  // The holder first: it is started before there are threads, connections or secrets to inherit.
  TRY(key_holder_,
      keyholder::KeyHolder::spawn({
          .data_folder = folder,
          .executable = options_.executable,
          .delay = [](int seconds) { std::this_thread::sleep_for(std::chrono::seconds(seconds)); },
      }));
  TRY(database_,
      sql::open({.sqlite_file = folder / "kronborg.db", .url = options_.settings.store_url}));
  TRY_VOID(sql::migrate(*database_, authority::migrations()));
  parts_.emplace(
      authority::Parts{*database_, board_, *key_holder_, clock_, random_, folder, signals_});
  const auto& parts = *parts_;
  TRY_VOID(authority::load_policy(parts));
  identity_.emplace(parts);
  agents_.emplace(parts);
  access_keys_.emplace(parts);
  whitelist_.emplace(parts);
  audit_.emplace(parts);
  const auto keystore = key_holder_->keystore();
  if (keystore && keystore->kind == keyholder::KeystoreKind::file) {
    TRY_VOID(key_holder_->unlock(base::SecretText()));
  }
  maintenance_ = std::make_unique<Maintenance>(*identity_, *audit_, *key_holder_, signals_);
  TRY(router_, api::Router::open({*identity_, *agents_, *access_keys_, *whitelist_, *audit_, parts},
                                 api_settings()));
  return {};
}

api::Settings App::api_settings() {
  api::Settings settings;
  settings.origin = options_.settings.origin;
  settings.version = version;
  settings.status_extras = [this] { return status_extras(*this); };
  settings.config_view = [this] { return options_.config.view(); };
  const auto rate = [this](std::string_view name) {
    const Rate configured = options_.config.rate(name);
    return api::Rate{.quota = configured.quota, .window_s = configured.window_s};
  };
  settings.source_rate = rate("limits.source");
  settings.discovery_rate = rate("limits.discovery");
  settings.doctor = [this] { return findings_json(examine(*this)); };
  settings.metrics_text = [this] { return metrics_.text(); };
  settings.not_ready = [this]() -> std::optional<std::string> {
    if (exposure_.draining && exposure_.draining()) return "draining";
    const auto reached = database_->read([](sql::Transaction& run) -> Result<void> {
      TRY_VOID(run("SELECT 1"));
      return {};
    });
    if (!reached) return "store_unavailable";
    return std::nullopt;
  };
  return settings;
}

App::~App() {
  if (!maintenance_) return;
  maintenance_->stop();
  maintenance_->run_once();
}

}  // namespace kronborg::app

#include "app/app.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "app/doctor.h"
#include "app/schema.h"
#include "app/status.h"
#include "authority/load.h"
#include "base/file.h"
#include "doors/mcp_tool.h"
#include "spaces/sweep.h"
#include "sql/migrations.h"
#include "sql/open.h"

namespace kronborg::app {

using base::Code;
using base::Error;
using base::Result;

namespace {

api::Rates rates_of(const Config& config) {
  api::Rates rates{};
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (i == static_cast<std::size_t>(api::Policy::anonymous_mint)) continue;
    const Rate rate = config.rate("limits." + std::string(api::policy_table[i].name));
    rates[i] = {.quota = rate.quota, .window_s = rate.window_s};
  }
  rates[static_cast<std::size_t>(api::Policy::anonymous_mint)] = {
      .quota = config.number("spaces.anonymous_mint_per_hour"), .window_s = 3600};
  return rates;
}

/// Of this machine, for people.
std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "kronborg";
  return name.data();
}

/// The configuration gives the path to an upstream (docs/protocol/discovery.md section 1): by name,
/// or because an upstream takes everything. What an MCP client of that upstream asks for must reach
/// it.
bool is_upstreams(const Config& config, std::string_view path) {
  return std::ranges::any_of(config.upstreams(), [&](const UpstreamConfig& upstream) {
    return upstream.path.empty() || upstream.path == "/" || upstream.path == path ||
           upstream.path.starts_with(std::string(path) + "/");
  });
}

}  // namespace

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
          .tpm = options_.config.text("keystore.tpm"),
          .delay = [](int seconds) { std::this_thread::sleep_for(std::chrono::seconds(seconds)); },
      }));
  TRY(database_,
      sql::open({.sqlite_file = folder / "kronborg.db", .url = options_.settings.store_url}));
  TRY_VOID(sql::migrate(*database_, schema()));
  parts_.emplace(
      authority::Parts{*database_, board_, *key_holder_, clock_, random_, folder, signals_});
  const auto& parts = *parts_;
  TRY_VOID(authority::load_policy(parts));
  identity_.emplace(parts);
  agents_.emplace(parts, authority::AgentHooks{.retired =
                                                   [this](sql::Transaction& transaction,
                                                          const authority::AgentRecord& agent) {
                                                     return pairing_->retired(transaction, agent);
                                                   },
                                               .changed = [this] { advertise_.changed(); }});
  access_keys_.emplace(parts);
  pairing_host_.emplace(parts, *agents_, *access_keys_);
  pairing_ =
      std::make_unique<pairing::Endpoints>(pairing::Parts{.authority = parts,
                                                          .host = *pairing_host_,
                                                          .host_name = host_name(),
                                                          .origin = options_.settings.origin},
                                           [this] { advertise_.changed(); });
  pairing_door_.emplace(*pairing_, parts);
  whitelist_.emplace(parts);
  audit_.emplace(parts);
  devices_.emplace(parts, options_.settings.devices);
  replay_.emplace(*database_, clock_);
  TRY_VOID(replay_->load());
  const auto keystore = key_holder_->keystore();
  if (keystore && keystore->kind == keyholder::KeystoreKind::file) {
    TRY_VOID(key_holder_->unlock(base::SecretText()));
  }
  spaces_.emplace(spaces::Parts{.database = *database_,
                                .time = time_,
                                .random = random_,
                                .directory = directory_,
                                .feed = feed_,
                                .origin = options_.settings.origin,
                                .service_name = options_.config.text("spaces.service_name"),
                                .max_open = options_.config.number("spaces.max_open")});
  TRY_VOID(spaces::load_clock(*spaces_));
  TRY_VOID(spaces::catch_up(*spaces_));
  TRY(router_, api::Router::open({*identity_, *agents_, *access_keys_, *whitelist_, *audit_, parts,
                                  *spaces_, *pairing_, *devices_},
                                 api_settings()));
  maintenance_ =
      std::make_unique<Maintenance>(*identity_, *audit_, *replay_, hot_devices_, *key_holder_,
                                    signals_, *spaces_, *router_, pairing_->invites);
  return {};
}

api::Settings App::api_settings() {
  api::Settings settings;
  settings.origin = options_.settings.origin;
  settings.version = version;
  settings.status_extras = [this] { return status_extras(*this); };
  settings.config_view = [this] { return options_.config.view(); };
  settings.rates = rates_of(options_.config);
  settings.streams = {.per_key = options_.config.number("spaces.streams_per_key"),
                      .per_source = options_.config.number("spaces.streams_per_source"),
                      .per_space = options_.config.number("spaces.streams_per_space"),
                      .in_all = options_.config.number("spaces.streams")};
  settings.spaces_enabled = options_.config.flag("spaces.enabled");
  settings.anonymous_create = options_.config.flag("spaces.anonymous_create");
  settings.service_name = options_.config.text("spaces.service_name");
  settings.mcp_tools = doors::tool_list();
  settings.owns_mcp = !is_upstreams(options_.config, "/mcp");
  settings.owns_a2a = !is_upstreams(options_.config, "/a2a");
  settings.owns_docs = !is_upstreams(options_.config, "/docs");
  settings.on_refusal = [this](std::string_view code) { metrics_.auth_failure(code); };
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
  maintenance_->store_clock();
}

}  // namespace kronborg::app

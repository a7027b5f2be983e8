#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/pairing_door.h"
#include "api/router.h"
#include "app/advertise.h"
#include "app/config.h"
#include "app/folder_lock.h"
#include "app/maintenance.h"
#include "app/metrics.h"
#include "app/settings.h"
#include "authority/access_keys.h"
#include "authority/agents.h"
#include "authority/audit.h"
#include "authority/authority.h"
#include "authority/devices.h"
#include "authority/hot_devices.h"
#include "authority/identity.h"
#include "authority/replay.h"
#include "authority/whitelist.h"
#include "keyholder/keyholder.h"
#include "pairing/authority_host.h"
#include "pairing/endpoints.h"
#include "spaces/directory.h"
#include "spaces/feed.h"
#include "spaces/parts.h"
#include "sql/database.h"

namespace kronborg::app {

inline constexpr std::string_view version = KRONBORG_VERSION;

/// What is known about this process as a server; filled by serve().
struct Exposure {
  bool serving = false;
  std::vector<std::string> listening;  ///< "127.0.0.1:1337"
  std::vector<std::string> upstreams;  ///< URLs
  std::function<bool()> draining;
};

struct AppOptions {
  std::filesystem::path data_folder;
  Config config;
  Settings settings;
  std::filesystem::path executable = "/proc/self/exe";  ///< of the key holder
};

/// Owns and wires everything, in the order of declaration; the same for a server and for a command
/// that works without one.
class App {
 public:
  /// Takes the data folder, opens the store, brings its schema up to date, starts the key holder
  /// and loads the policy. A keystore of kind `file` is unlocked. Errors: those of the parts;
  /// nothing is changed on an error.
  static base::Result<std::unique_ptr<App>> open(AppOptions options);
  /// Flushes what is still in memory and rewrites the recovery bundle when it is due.
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  [[nodiscard]] api::Router& router() { return *router_; }
  [[nodiscard]] const Config& config() const { return options_.config; }
  [[nodiscard]] const Settings& settings() const { return options_.settings; }
  [[nodiscard]] const std::filesystem::path& data_folder() const { return options_.data_folder; }
  [[nodiscard]] std::filesystem::path socket_path() const {
    return options_.data_folder / "kronborg.sock";
  }

  // Parts that serve() needs.
  [[nodiscard]] const authority::PolicyBoard& board() const { return board_; }
  [[nodiscard]] authority::AccessKeys& access_keys() { return *access_keys_; }
  [[nodiscard]] authority::Agents& agents() { return *agents_; }
  [[nodiscard]] authority::Audit& audit() { return *audit_; }
  [[nodiscard]] authority::Identity& identity() { return *identity_; }
  [[nodiscard]] authority::Devices& devices() { return *devices_; }
  [[nodiscard]] authority::Replay& replay() { return *replay_; }
  [[nodiscard]] authority::HotDevices& hot_devices() { return hot_devices_; }
  [[nodiscard]] keyholder::KeyHolder& key_holder() { return *key_holder_; }
  [[nodiscard]] sql::Database& database() { return *database_; }
  [[nodiscard]] base::Clock& clock() { return clock_; }
  [[nodiscard]] base::Random& random() { return random_; }
  [[nodiscard]] pairing::Endpoints& pairing() { return *pairing_; }
  [[nodiscard]] api::PairingDoor& pairing_door() { return *pairing_door_; }
  [[nodiscard]] Advertise& advertise() { return advertise_; }
  [[nodiscard]] spaces::Feed& feed() { return feed_; }
  [[nodiscard]] Metrics& metrics() { return metrics_; }
  [[nodiscard]] Maintenance& maintenance() { return *maintenance_; }
  [[nodiscard]] Exposure& exposure() { return exposure_; }
  /// Where a warning of the running server goes. Set before its threads start.
  void set_warn(std::function<void(std::string_view)> warn) { warn_ = std::move(warn); }
  void warn(std::string_view message) {
    if (warn_) warn_(message);
  }

 private:
  App(AppOptions options, FolderLock lock);
  base::Result<void> wire();
  api::Settings api_settings();

  AppOptions options_;
  FolderLock lock_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  Metrics metrics_;
  Exposure exposure_;
  std::function<void(std::string_view)> warn_;
  std::unique_ptr<keyholder::KeyHolder> key_holder_;
  std::unique_ptr<sql::Database> database_;
  authority::PolicyBoard board_;
  authority::Signals signals_;
  std::optional<authority::Parts> parts_;
  std::unique_ptr<pairing::Endpoints> pairing_;
  std::optional<authority::Identity> identity_;
  std::optional<authority::Agents> agents_;
  std::optional<authority::AccessKeys> access_keys_;
  std::optional<pairing::AuthorityHost> pairing_host_;
  std::optional<api::PairingDoor> pairing_door_;
  std::optional<authority::Whitelist> whitelist_;
  std::optional<authority::Audit> audit_;
  std::optional<authority::Devices> devices_;
  std::optional<authority::Replay> replay_;
  authority::HotDevices hot_devices_{board_};
  Advertise advertise_;
  spaces::Time time_{clock_};
  spaces::Directory directory_;
  spaces::Feed feed_;
  std::optional<spaces::Parts> spaces_;
  std::unique_ptr<api::Router> router_;
  std::unique_ptr<Maintenance> maintenance_;
};

}  // namespace kronborg::app

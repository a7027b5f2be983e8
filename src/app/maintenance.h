#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "api/router.h"
#include "authority/audit.h"
#include "authority/authority.h"
#include "authority/hot_devices.h"
#include "authority/identity.h"
#include "authority/replay.h"
#include "pairing/invites.h"
#include "spaces/sweep.h"

namespace kronborg::app {

/// What happens on the side: the recovery bundle within 5 s of a change (identity.md 14.3), the
/// rows of remembered refusals, invites that ended long ago, the counters of request tokens, what
/// ends in spaces when its time has come, the last use of their keys, tables for the devices that
/// sign most, and memory that is free again. One thread, only while a server runs; a command does
/// it once at its end.
class Maintenance {
 public:
  using Warn = std::function<void(std::string_view)>;

  Maintenance(authority::Identity& identity, authority::Audit& audit, authority::Replay& replay,
              authority::HotDevices& hot_devices, keyholder::KeyHolder& key_holder,
              const authority::Signals& signals, const spaces::Parts& spaces, api::Router& router,
              pairing::Invites& invites);
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  void start(Warn warn);
  void stop();
  /// Does what is due now.
  void run_once();
  /// At the end: what has ended by time stays ended.
  void store_clock();
  /// The last failure to write the bundle or its copy, or that a change waits for the next unlock;
  /// empty when all is well.
  [[nodiscard]] std::string bundle_warning();

 private:
  void loop();
  void keep_counters();
  void keep_host_device();
  void keep_spaces();
  void keep_bundle();
  void keep_invites();
  void give_memory_back();

  // Constant after construction.
  authority::Identity& identity_;
  authority::Audit& audit_;
  authority::Replay& replay_;
  authority::HotDevices& hot_devices_;
  keyholder::KeyHolder& key_holder_;
  const authority::Signals& signals_;
  api::Router& router_;
  pairing::Invites& invites_;
  // Written by start() only.
  Warn warn_;
  // Used by one thread at a time: the loop, or the owner after stop().
  std::uint64_t written_ = 0;
  bool compared_ = false;  ///< since the last unlock, with what lies on disk
  std::chrono::steady_clock::time_point copy_retry_;
  spaces::Sweep sweep_;
  std::chrono::steady_clock::time_point purge_due_;
  std::string spaces_warning_;
  std::string counters_warning_;
  std::string device_warning_;
  int rounds_ = 0;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string bundle_warning_;
  /// Whether the bundle was current when that many changes were counted.
  std::optional<std::pair<std::uint64_t, bool>> judged_;
  std::thread thread_;
};

}  // namespace kronborg::app

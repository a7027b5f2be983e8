#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "api/router.h"
#include "authority/audit.h"
#include "authority/authority.h"
#include "authority/identity.h"
#include "spaces/sweep.h"

namespace kronborg::app {

/// What happens on the side: the recovery bundle within 5 s of a change (identity.md 14.3), the
/// rows of remembered refusals, what ends in spaces when its time has come, the last use of their
/// keys, and memory that is free again. One thread, only while a server runs; a command does it
/// once at its end.
class Maintenance {
 public:
  using Warn = std::function<void(std::string_view)>;

  Maintenance(authority::Identity& identity, authority::Audit& audit,
              keyholder::KeyHolder& key_holder, const authority::Signals& signals,
              const spaces::Parts& spaces, api::Router& router);
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

  void start(Warn warn);
  void stop();
  /// Does what is due now.
  void run_once();
  /// At the end: what has ended by time stays ended.
  void store_clock();
  /// The last failure to write the bundle or its copy; empty when the last attempt went well.
  [[nodiscard]] std::string bundle_warning() const;

 private:
  void loop();
  void keep_spaces();
  void keep_bundle();
  void give_memory_back();

  // Constant after construction.
  authority::Identity& identity_;
  authority::Audit& audit_;
  keyholder::KeyHolder& key_holder_;
  const authority::Signals& signals_;
  api::Router& router_;
  // Written by start() only.
  Warn warn_;
  // Used by one thread at a time: the loop, or the owner after stop().
  std::uint64_t written_ = 0;
  spaces::Sweep sweep_;
  std::string spaces_warning_;
  int rounds_ = 0;
  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string bundle_warning_;
  std::thread thread_;
};

}  // namespace kronborg::app

#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "api/router.h"
#include "authority/access_keys.h"
#include "authority/agents.h"
#include "authority/audit.h"
#include "authority/devices.h"
#include "authority/identity.h"
#include "authority/whitelist.h"
#include "base/random.h"
#include "pairing/authority_host.h"
#include "pairing/endpoints.h"
#include "spaces/directory.h"
#include "spaces/feed.h"
#include "spaces/parts.h"
#include "spaces/sweep.h"

namespace kronborg::model_spaces {

class SetClock final : public base::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
  void step(std::int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<std::int64_t> now_ms_{1'793'610'000'000};  // 2026-11-02T09:00:00Z
};

/// A router with its store and key holder, as a process would have them after its start; `url`
/// empty: SQLite in the folder. Throws when it cannot be started.
class Place {
 public:
  Place(const std::filesystem::path& folder, const std::string& url, SetClock& clock);

  api::Router& router() { return *router_; }
  spaces::Sweep& sweep() { return *sweep_; }

 private:
  base::SystemRandom random_;
  authority::PolicyBoard board_;
  authority::Signals signals_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<keyholder::KeyHolder> key_holder_;
  std::unique_ptr<authority::Parts> parts_;
  std::unique_ptr<authority::Identity> identity_;
  std::unique_ptr<authority::Agents> agents_;
  std::unique_ptr<authority::AccessKeys> access_keys_;
  std::unique_ptr<authority::Whitelist> whitelist_;
  std::unique_ptr<authority::Audit> audit_;
  std::unique_ptr<authority::Devices> devices_;
  std::unique_ptr<pairing::AuthorityHost> pairing_host_;
  std::unique_ptr<pairing::Endpoints> pairing_;
  spaces::Time time_;
  spaces::Directory directory_;
  spaces::Feed feed_;
  std::unique_ptr<spaces::Parts> spaces_;
  std::unique_ptr<spaces::Sweep> sweep_;
  std::unique_ptr<api::Router> router_;
};

}  // namespace kronborg::model_spaces

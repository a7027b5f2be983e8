#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
#include "sql/open.h"
#include "support/temporary_folder.h"

namespace kronborg::api {

inline constexpr std::int64_t test_time_ms = 1'793'610'000'000;  // 2026-11-02T09:00:00Z

class SetClock final : public base::Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
  void step(std::int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<std::int64_t> now_ms_{test_time_ms};
};

using Fields = std::vector<std::pair<std::string, std::string>>;

/// An answer, read.
struct Answered {
  Response response;
  boost::json::object body;  ///< empty when it is not a JSON object
  [[nodiscard]] int status() const { return response.status; }
  [[nodiscard]] std::string code() const;
  [[nodiscard]] std::string text(std::string_view member) const;
  [[nodiscard]] std::int64_t number(std::string_view member) const;
  [[nodiscard]] std::string field(std::string_view name) const;  ///< "" when absent
};

/// A router on a real SQLite store with a real key holder, in one folder.
class Place {
 public:
  Place(const std::filesystem::path& folder, SetClock& clock);
  ~Place();

  [[nodiscard]] const authority::Parts& parts() const { return *parts_; }
  Router& router() { return *router_; }
  authority::Identity& identity() { return *identity_; }
  authority::AccessKeys& keys() { return *access_keys_; }
  keyholder::KeyHolder& key_holder() { return *key_holder_; }
  pairing::Endpoints& pairing() { return *pairing_; }
  std::optional<std::string> not_ready;

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
  std::unique_ptr<Router> router_;
};

class ApiTest : public testing::Test {
 protected:
  /// With an identity of keystore kind `file`, unlocked.
  void SetUp() override;
  /// A folder without an identity.
  void start_empty();
  /// As after a stop and a start of the process.
  void restart();

  /// As the owner. Every answer is held against the OpenAPI document.
  Answered call(std::string_view method, std::string_view target, std::string_view body = {},
                Fields fields = {});
  Answered get(std::string_view target) { return call("GET", target); }
  Answered post(std::string_view target, std::string_view body = {}, Fields fields = {}) {
    return call("POST", target, body, std::move(fields));
  }
  /// As somebody at 192.0.2.1.
  Answered stranger(std::string_view method, std::string_view target, Fields fields = {},
                    std::string source = "192.0.2.1");
  Answered send(const Request& request);

  std::string new_agent(std::string_view name);  ///< its id
  Answered new_key(std::string_view label, std::string_view agent_id = {});

  SetClock clock;
  std::unique_ptr<Place> place;
  std::set<std::string> answered;  ///< operationIds that answered 2xx

 private:
  std::unique_ptr<support::TemporaryFolder> folder_;
};

/// The OpenAPI document with everything switched on.
const boost::json::value& openapi();
/// Findings of one answer against the document; empty when it fits.
std::vector<std::string> differences(const Request& request, const Response& response);

}  // namespace kronborg::api

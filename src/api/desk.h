#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/metrics_credentials.h"
#include "api/paging.h"
#include "api/router.h"
#include "authority/access_keys.h"
#include "authority/agents.h"
#include "authority/audit.h"
#include "authority/authority.h"
#include "authority/devices.h"
#include "authority/identity.h"
#include "authority/whitelist.h"
#include "base/result.h"

namespace kronborg::api {

/// Where the owner's requests are dealt with: the nouns, and what the API itself keeps.
struct Desk {
  Nouns nouns;
  const Settings& settings;
  const Cursors& cursors;
  MetricsCredentials& metrics_credentials;
};

/// What an operation answers when it did what was asked.
struct Outcome {
  boost::json::object body;
  int status = 200;
  /// Names of top-level members that hold a secret: never stored for a repeated request.
  std::vector<std::string> secrets = {};
};

/// A request that the owner made. Only the router makes one, after it has looked at the caller; an
/// operation that takes one cannot be called otherwise.
class OwnerCall {
 public:
  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] std::string_view method() const { return request_.method; }
  [[nodiscard]] std::string_view body() const { return request_.body; }
  [[nodiscard]] std::string_view query() const { return request_.query; }
  /// The decoded segment of the path that stands for the n-th `{…}` of the template.
  [[nodiscard]] const std::string& segment(std::size_t n = 0) const { return segments_.at(n); }
  /// For audit rows.
  [[nodiscard]] authority::Actor actor() const;
  /// The input is sound (step 8 of http.md section 4): steps from 9 on may begin. Every operation
  /// says so before it looks at or changes anything; an error is to be returned as it is.
  [[nodiscard]] base::Result<void> accepted() const { return accept_(); }

 private:
  friend class Pipeline;
  OwnerCall(const Request& request, std::vector<std::string> segments,
            std::function<base::Result<void>()> accept)
      : request_(request), segments_(std::move(segments)), accept_(std::move(accept)) {}

  const Request& request_;
  std::vector<std::string> segments_;
  std::function<base::Result<void>()> accept_;
};

/// No query parameter is defined, and no body but an empty object; then accepted().
base::Result<void> accept_no_input(const OwnerCall& call);
/// No query parameter is defined; then accepted().
base::Result<void> accept_no_query(const OwnerCall& call);

}  // namespace kronborg::api

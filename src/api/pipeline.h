#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/counters.h"
#include "api/desk.h"
#include "api/documents.h"
#include "api/idempotency.h"
#include "api/rate_limit.h"
#include "api/router.h"
#include "api/routes.h"
#include "api/space_pipeline.h"

namespace kronborg::api {

/// What a Router has beside the desk.
struct Services {
  Desk desk;
  Idempotency& idempotency;
  RateLimiter& limiter;
  Counters& counters;
  const Documents& documents;
  const Router& router;
  const SpaceServices& spaces;
};

/// The way of one request through the steps of docs/protocol/http.md section 4 that are the
/// router's (3 to 12); the first step that fails answers.
class Pipeline {
 public:
  Pipeline(const Services& services, const Request& request)
      : services_(services), request_(request) {}

  /// `held` null: what may wait is answered as it stands.
  Response run(std::optional<Held>* held);

 private:
  Response answer(const Found& found);
  Response options(const Found& found) const;
  Response document(const Document& document);
  Response open_answer(const Found& found);
  Response spaces_answer(const Found& found, std::optional<Held>* held);
  void take_open_rates(const Found& found);
  Response owner_answer(const Found& found);
  Response events() const;
  Response refuse_rate() const;
  void count_refusal(base::Code code) const;
  base::Result<void> check_input(const Route& route) const;
  base::Result<void> check_accept(std::string_view offered) const;
  base::Result<void> begin_repeatable(const Route& route);
  Response finished(Outcome outcome);
  void remember(const Outcome& outcome, const Response& response);
  void remember_refusal(const Response& response);
  [[nodiscard]] Response refuse(const base::Error& error) const;
  [[nodiscard]] std::string_view field(std::string_view name) const { return request_.field(name); }
  void add_rate_fields(Response& response) const;

  const Services& services_;
  const Request& request_;
  std::optional<RateVerdict> rates_;      ///< of callers that are not the owner
  std::optional<Repeatable> repeatable_;  ///< the mark is set
  std::optional<Response> replay_;
};

}  // namespace kronborg::api

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/counters.h"
#include "api/rate_limit.h"
#include "api/router.h"
#include "api/routes.h"
#include "api/space_answers.h"
#include "api/space_call.h"
#include "api/stream_places.h"
#include "credential/space_key.h"

namespace kronborg::api {

/// What the router has for requests of spaces.
struct SpaceServices {
  SpaceDesk desk;
  RateLimiter& limiter;
  Counters& counters;
  SpaceAnswers& answers;
  StreamPlaces& streams;
};

/// The way of one request to a space through steps 5 to 12 of docs/protocol/http.md section 4; the
/// first step that fails answers.
class SpacePipeline {
 public:
  SpacePipeline(const SpaceServices& services, const Request& request, const Route& route,
                std::vector<std::string> segments);

  /// `held` null: what may wait is answered as it stands.
  Response run(std::optional<Held>* held);
  /// For routes whose answer a door makes: everything up to the answer's own first byte.
  std::variant<Response, Reader> admit();
  /// The credential is live, of this space, and may call the route; takes no token, leaves no
  /// trace.
  bool would_admit();

 private:
  // space_credential.cc: step 6.
  std::optional<base::Error> check_credential();
  std::optional<base::Error> present_key();
  std::optional<base::Error> find_caller();
  std::optional<base::Error> dead_key(const spaces::DeadKey& dead);
  std::optional<base::Error> check_rights() const;
  std::optional<base::Error> check_user_token();
  std::optional<base::Error> read_join_token();
  [[nodiscard]] bool is_join() const { return route_.id == "joinSpace"; }

  // space_pipeline.cc
  std::optional<Response> let_in();
  std::optional<Response> check_source();
  void take_source();
  void take_rates();
  base::Result<void> check_input() const;
  base::Result<SpaceOutcome> perform(const SpaceEffect& effect, std::optional<Response>& replay);
  base::Result<SpaceOutcome> read(const SpaceEffect& effect) const;
  base::Result<SpaceOutcome> write(const SpaceEffect& effect, std::optional<Response>& replay);
  base::Result<void> write_in(sql::Transaction& transaction, const SpaceEffect& effect,
                              std::optional<Response>& replay, std::optional<SpaceOutcome>& done,
                              std::optional<base::Error>& refused);
  /// Whether a key that was let in may still be acted for, as the transaction sees it.
  [[nodiscard]] std::optional<base::Error> ended_since(const spaces::Found& found) const;
  void store_refusal(const base::Error& error);
  [[nodiscard]] bool is_repeatable_route() const;
  spaces::Act::Origin origin_of(const spaces::Caller* caller) const;

  // space_respond.cc
  Response respond(SpaceOutcome outcome);
  Response refuse(const base::Error& error);
  Response refuse_rates();
  Response unauthorized(const base::Error& error);
  Response finish(Response response) const;

  [[nodiscard]] std::string_view field(std::string_view name) const { return call_.field(name); }
  [[nodiscard]] std::int64_t now_ms() const { return services_.desk.parts.time.now_ms(); }

  const SpaceServices& services_;
  const Request& request_;
  const Route& route_;
  const SpaceRule& rule_;
  std::vector<Warning> warnings_;
  SpaceCall call_;
  std::optional<credential::SpaceKey> key_, join_token_;
  std::optional<RateVerdict> rates_;
  std::optional<RepeatableCall> repeatable_;
  std::optional<Response> dead_replay_;  ///< the stored answer of what ended the credential
  bool user_token_refused_ = false;
};

}  // namespace kronborg::api

#include "api/pipeline.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <charconv>
#include <span>

#include "api/accept.h"
#include "api/cors.h"
#include "api/join_answer.h"
#include "api/media.h"
#include "api/oauth.h"
#include "base/json.h"
#include "base/text.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;

constexpr std::string_view json_type = "application/json";
constexpr std::string_view stream_type = "text/event-stream";
constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr int events_at_once = 500;

bool is_unlimited(const Found& found) {
  if (found.route == nullptr) return false;
  const Rule& rule = found.route->rule;
  return rule.is_open(Open::health) || rule.is_open(Open::ready) || rule.is_open(Open::metrics);
}

/// The policy that a route of everybody has beside `source`.
Policy policy_of(const Found& found, bool is_document) {
  if (is_document) return Policy::discovery;
  if (found.route == nullptr) return Policy::source;
  const Rule& rule = found.route->rule;
  if (rule.is_open(Open::document) || rule.is_open(Open::page)) return Policy::discovery;
  if (rule.is_open(Open::revoke)) return Policy::revoke;
  if (rule.is_open(Open::link_start)) return Policy::link_start;
  return Policy::source;
}

base::Error supported(Code code, std::string_view what) {
  return base::Error(code).with(
      {.name = "supported", .value = std::vector<std::string>{std::string(what)}});
}

Response json_response(const json::value& body, int status) {
  Response response;
  response.status = status;
  response.body = base::to_text(body);
  return response;
}

}  // namespace

Response Pipeline::run(std::optional<Held>* held) {
  Found found;
  if (!request_.operation.empty()) {
    found.route = unrouted(request_.operation);
    if (found.route != nullptr) {
      if (auto segments = match(found.route->path, request_.path)) found.segments = *segments;
    }
  } else {
    found = find_route(request_.method, request_.path);
  }
  const Settings& settings = services_.desk.settings;
  if (found.route != nullptr &&
      ((found.route->rule.is_open(Open::metrics) && !request_.metrics_access) ||
       (found.route->rule.of_spaces() && !settings.spaces_enabled))) {
    found = {};
  }
  if (found.route != nullptr && found.route->rule.space_rule() != nullptr) {
    return with_cors(spaces_answer(found, held), request_.allowed_origin);
  }
  take_open_rates(found);
  Response response = answer(found);
  if (wants_strict(field("prefer")))
    response.fields.emplace_back("Preference-Applied", "handling=strict");
  add_rate_fields(response);
  if (is_in_space_table(request_.path) && request_.method != "OPTIONS")
    return with_cors(std::move(response), request_.allowed_origin);
  return response;
}

void Pipeline::take_open_rates(const Found& found) {
  if (request_.caller != CallerKind::anonymous || is_unlimited(found)) return;
  const Policy own = policy_of(found, services_.documents.find(request_.path) != nullptr);
  std::array<RateAsk, 2> asks;
  std::size_t count = 0;
  for (const Policy policy : {own, Policy::source}) {
    if (policy == Policy::source && count > 0 && own == Policy::source) break;
    asks.at(count++) = rate_ask(services_.desk.settings.rates, policy,
                                RateKey::of_source(request_.source_address));
  }
  rates_ = services_.limiter.take(std::span(asks).first(count));
}

Response Pipeline::spaces_answer(const Found& found, std::optional<Held>* held) {
  if (request_.body.size() > found.route->body_limit) {
    return refuse(base::Error(Code::body_too_large)
                      .with({.name = "limitBytes",
                             .value = static_cast<std::int64_t>(found.route->body_limit)}));
  }
  // A long poll has no head without its body (http.md section 13).
  if (request_.method == "HEAD" && request_.query.find("wait=") != std::string::npos) {
    Response response = refuse(Code::method_not_allowed);
    response.fields.emplace_back("Allow", "GET");
    return response;
  }
  return SpacePipeline(services_.spaces, request_, *found.route, found.segments).run(held);
}

Response Pipeline::options(const Found& found) const {
  if (services_.documents.find(request_.path) != nullptr) return preflight_answer();
  Response response = cors_preflight(request_.allowed_origin,
                                     field("access-control-request-private-network") == "true");
  response.fields.emplace_back("Allow", found.allow + ", OPTIONS");
  return response;
}

Response Pipeline::document(const Document& document) {
  if (request_.method != "GET" && request_.method != "HEAD") {
    if (request_.method == "OPTIONS") return preflight_answer();
    Response response = refuse(Code::method_not_allowed);
    response.fields.emplace_back("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  if (rates_ && !rates_->allowed) return refuse_rate();
  if (!Documents::fits(document, field("accept"))) {
    return refuse(supported(Code::not_acceptable, Documents::media_type(document)));
  }
  return services_.documents.answer(request_.path, field("if-none-match"));
}

Response Pipeline::answer(const Found& found) {
  if (const Document* known = services_.documents.find(request_.path)) return document(*known);
  if (found.route == nullptr && found.allow.empty()) return refuse(Code::route_not_found);
  if (found.route == nullptr) {
    if (request_.method == "OPTIONS" && is_in_space_table(request_.path)) return options(found);
    Response response = refuse(Code::method_not_allowed);
    response.fields.emplace_back("Allow", found.allow);
    return response;
  }
  const Route& route = *found.route;
  if (request_.body.size() > route.body_limit) {
    return refuse(
        base::Error(Code::body_too_large)
            .with({.name = "limitBytes", .value = static_cast<std::int64_t>(route.body_limit)}));
  }
  if (rates_ && !rates_->allowed) return refuse_rate();
  if (route.rule.owner_only() && request_.caller != CallerKind::owner)
    return refuse(Code::owner_required);
  if (!route.rule.is_open(Open::revoke)) {
    if (const auto fine = check_input(route); !fine) return refuse(fine.error());
  }
  return route.rule.owner_only() ? owner_answer(found) : open_answer(found);
}

Response Pipeline::refuse_rate() const {
  for (const RateShare& share : rates_->shares) {
    if (share.token_in_s > 0) services_.counters.rate_limited(share.policy.name);
  }
  if (request_.path.starts_with("/oauth/")) return oauth_refusal(rate_limited(*rates_), request_);
  return refuse(rate_limited(*rates_));
}

base::Result<void> Pipeline::check_input(const Route& route) const {
  if (const auto version = field("api-version"); !version.empty() && version != "1") {
    return supported(Code::unsupported_api_version, "1");
  }
  const bool has_body = route.method == Method::post || route.method == Method::patch;
  if (has_body && !(request_.body.empty() && field("content-type").empty()) &&
      !is_json(field("content-type"))) {
    return supported(Code::unsupported_media_type, json_type);
  }
  if (!route.rule.owner_only()) return {};
  return check_accept(route.rule.is_stream() ? stream_type : json_type);
}

base::Result<void> Pipeline::check_accept(std::string_view offered) const {
  if (accept_weight(field("accept"), offered) > 0) return {};
  return supported(Code::not_acceptable, offered);
}

Response Pipeline::open_answer(const Found& found) {
  switch (found.route->rule.open()) {
    case Open::health:
      return json_response(json::object{{"status", "ok"}}, 200);
    case Open::ready: {
      const auto reason =
          services_.desk.settings.not_ready ? services_.desk.settings.not_ready() : std::nullopt;
      return json_response(json::object{{"status", reason.value_or("ready")}}, reason ? 503 : 200);
    }
    case Open::metrics: {
      Response response;
      response.content_type = metrics_type;
      if (services_.desk.settings.metrics_text)
        response.body = services_.desk.settings.metrics_text();
      response.body += services_.counters.text(services_.limiter.buckets());
      return response;
    }
    case Open::page:
      return join_page(found.route->id == "getJoinFile" ? found.segments.at(0) : "",
                       field("if-none-match"), request_.request_id, services_.desk.settings.origin);
    case Open::revoke:
      return revoke_credential(services_.spaces.desk.parts, services_.desk.metrics_credentials,
                               request_);
    case Open::link_start:
      return start_link(services_.desk.settings, request_);
    case Open::space_key:
      return space_key_answer(services_.desk.settings, request_);
    case Open::pair:
      return refuse(Code::route_not_found);
    case Open::secure:
      return refuse(Code::secure_channel_unavailable);
    case Open::document:
      break;
  }
  return refuse(Code::route_not_found);
}

Response Pipeline::owner_answer(const Found& found) {
  const Route& route = *found.route;
  if (route.rule.is_stream()) return events();
  const OwnerCall call(request_, found.segments,
                       [this, &route] { return begin_repeatable(route); });
  auto outcome = route.rule.operation()(services_.desk, call);
  if (replay_) return *std::move(replay_);
  if (outcome) return finished(*std::move(outcome));
  Response response = refuse(outcome.error());
  if (outcome.error().code == Code::idempotency_capacity) response.status = 429;
  if (repeatable_) remember_refusal(response);
  return response;
}

base::Result<void> Pipeline::begin_repeatable(const Route& route) {
  const std::string_view sent = field("idempotency-key");
  if (route.method != Method::post || sent.empty()) return {};
  TRY(const std::string key, read_idempotency_key(sent));
  if (route.rule.repeat() == Repeat::pure) return {};
  Repeatable asked = repeatable(request_, key);
  auto begun = services_.idempotency.begin(asked);
  if (!begun) {
    count_refusal(begun.error().code);
    return std::move(begun).error();
  }
  if (*begun) {
    services_.counters.idempotency(Repeated::replayed);
    replay_ = *std::move(begun);
    return Code::conflict;  // ends the operation; the stored answer is sent
  }
  repeatable_ = std::move(asked);
  return {};
}

void Pipeline::count_refusal(Code code) const {
  if (code == Code::idempotency_in_flight) services_.counters.idempotency(Repeated::in_flight);
  if (code == Code::idempotency_mismatch) services_.counters.idempotency(Repeated::mismatch);
  if (code == Code::idempotency_capacity) services_.counters.idempotency(Repeated::capacity);
}

Response Pipeline::finished(Outcome outcome) {
  const bool takes_body = request_.method == "POST" || request_.method == "PATCH";
  if (!takes_body && !request_.body.empty()) {
    outcome.body["warnings"] =
        json::array{json::object{{"code", "body_ignored"},
                                 {"pointer", ""},
                                 {"message", "This route has no body; it was ignored."}}};
  }
  Response response = json_response(outcome.body, outcome.status);
  if (repeatable_) remember(outcome, response);
  return response;
}

void Pipeline::remember(const Outcome& outcome, const Response& response) {
  services_.counters.idempotency(Repeated::stored);
  if (outcome.secrets.empty()) {
    services_.idempotency.finish(*repeatable_, response);
    return;
  }
  json::object body = outcome.body;
  json::array withheld;
  for (const std::string& name : outcome.secrets) {
    body.erase(name);
    withheld.emplace_back(json::string(name));
  }
  body["secretsWithheld"] = std::move(withheld);
  body["hint"] =
      "A secret is shown once, in the first answer. If it was lost, revoke this and make another.";
  services_.idempotency.finish(*repeatable_, json_response(body, outcome.status));
}

void Pipeline::remember_refusal(const Response& response) {
  if (is_stored_status(response.status)) {
    services_.counters.idempotency(Repeated::stored);
    services_.idempotency.finish(*repeatable_, response);
  } else if (response.status != 500) {
    services_.idempotency.release(*repeatable_);
  } else {
    services_.idempotency.leave(*repeatable_);
  }
}

Response Pipeline::events() const {
  std::int64_t after = services_.router.newest_seq();
  if (const std::string_view last = field("last-event-id"); !last.empty()) {
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), after);
    if (error != std::errc() || end != last.data() + last.size() || after < 0) {
      base::Error invalid(Code::invalid_parameter);
      invalid.errors.push_back({.pointer = "header:Last-Event-ID",
                                .code = "bad_pattern",
                                .detail = "It must be the id of an event of this stream."});
      return refuse(invalid);
    }
  }
  const auto found = services_.router.events_after(after, events_at_once);
  if (!found) return refuse(found.error());
  Response response;
  response.content_type = stream_type;
  for (const Event& event : *found) response.body += event_text(event);
  return response;
}

Response Pipeline::refuse(const base::Error& error) const {
  return error_response(error, request_.request_id, field("accept"),
                        services_.desk.settings.origin);
}

void Pipeline::add_rate_fields(Response& response) const {
  if (!rates_) return;
  for (auto& rate_field : rate_fields(*rates_)) response.fields.push_back(std::move(rate_field));
}

}  // namespace kronborg::api

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "api/addresses.h"
#include "api/document_parts.h"
#include "api/space_pipeline.h"
#include "base/clock.h"
#include "base/json.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;
using base::Error;

constexpr std::int64_t longest_interval_ms = 120'000;
constexpr std::string_view interval_member = "suggestedPollingIntervalMs";

}  // namespace

Response SpacePipeline::respond(SpaceOutcome outcome) {
  Response response;
  response.status = outcome.status;
  response.content_type = "application/json";
  if (!outcome.etag.empty()) response.fields.emplace_back("ETag", outcome.etag);
  for (auto& one : outcome.fields) response.fields.push_back(std::move(one));
  if (!outcome.content_type.empty()) {
    response.content_type = std::move(outcome.content_type);
    response.body = std::move(outcome.text);
  } else {
    // Who has few reads left is asked to come less often (docs/protocol/spaces.md section 8.3).
    const bool is_short =
        rates_ && !rates_->shares.empty() &&
        rates_->shares.front().remaining * 5 < rates_->shares.front().policy.quota;
    if (auto* interval = outcome.body.if_contains(interval_member);
        interval != nullptr && is_short) {
      *interval = std::min(interval->to_number<std::int64_t>() * 2, longest_interval_ms);
    }
    if (!warnings_.empty()) outcome.body["warnings"] = render(warnings_);
    response.body = base::to_text(outcome.body);
  }
  if (route_.method == Method::get && !outcome.etag.empty() &&
      names_tag(field("if-none-match"), outcome.etag)) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

Response SpacePipeline::refuse(const Error& error) {
  if (error.status() == 401) return unauthorized(error);
  return error_response(error, request_.request_id, field("accept"),
                        services_.desk.settings.origin);
}

Response SpacePipeline::refuse_rates() {
  for (const RateShare& share : rates_->shares) {
    if (share.token_in_s > 0) services_.counters.rate_limited(share.policy.name);
  }
  return refuse(rate_limited(*rates_));
}

Response SpacePipeline::unauthorized(const Error& error) {
  const Settings& settings = services_.desk.settings;
  if (settings.on_refusal) settings.on_refusal(base::facts(error.code).name);
  const bool sent = error.code != Code::key_missing;
  if (request_.caller != CallerKind::owner && !request_.resumed) {
    const std::array asks{rate_ask(settings.rates, Policy::bad_credential,
                                   RateKey::of_source(request_.source_address))};
    rates_ = services_.limiter.take(asks);
    if (!rates_->allowed && sent) return refuse_rates();
  }
  const std::string metadata = settings.origin + "/.well-known/oauth-protected-resource";
  const Addresses addresses(settings);
  const json::object next{{"metadata", metadata},
                          {"skill", addresses.guide},
                          {"create", settings.origin + "/oresundspace/space"}};
  Error shown = error;
  shown.details.push_back({.name = "next", .value = base::JsonText{base::to_text(next)}});
  Response response = error_response(shown, request_.request_id, field("accept"), settings.origin);
  std::string challenge = "Bearer resource_metadata=\"" + metadata + "\"";
  if (sent) {
    challenge.append(", error=\"invalid_token\", error_description=\"")
        .append(base::facts(error.code).name)
        .append("\"");
  }
  response.fields.emplace_back("WWW-Authenticate", std::move(challenge));
  response.fields.emplace_back("Link", "<" + addresses.guide + ">; rel=\"service-doc\", <" +
                                           addresses.openapi + ">; rel=\"service-desc\"");
  return response;
}

Response SpacePipeline::finish(Response response) const {
  if (call_.strict_) response.fields.emplace_back("Preference-Applied", "handling=strict");
  if (user_token_refused_) response.fields.emplace_back("X-User-Token-Status", "invalid");
  if (rates_) {
    for (auto& one : rate_fields(*rates_)) response.fields.push_back(std::move(one));
  }
  return response;
}

}  // namespace kronborg::api

#include "api/space_pipeline.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/accept.h"
#include "api/idempotency.h"
#include "api/last_seen.h"
#include "api/media.h"
#include "base/json.h"
#include "base/text.h"
#include "spaces/keys.h"
#include "sql/database.h"

namespace kronborg::api {
namespace {

using base::Code;
using base::Error;

/// What a route answers, for Accept.
std::vector<std::string_view> offered_by(const Route& route) {
  const SpaceRule& rule = *route.rule.space_rule();
  if (rule.door == Door::stream) return {"text/event-stream"};
  if (rule.door == Door::export_) return {"application/x-ndjson"};
  if (route.id == "getCard" || route.id == "getCardByLink") return {"text/markdown"};
  if (route.id == "getArtifact") return {"application/json", "text/markdown", "text/plain"};
  return {"application/json"};
}

Error unsupported(Code code, const std::vector<std::string_view>& offered) {
  return Error(code).with(
      {.name = "supported", .value = std::vector<std::string>(offered.begin(), offered.end())});
}

}  // namespace

SpacePipeline::SpacePipeline(const SpaceServices& services, const Request& request,
                             const Route& route, std::vector<std::string> segments)
    : services_(services),
      request_(request),
      route_(route),
      rule_(*route.rule.space_rule()),
      call_(request, std::move(segments), warnings_) {
  for (std::size_t i = 0; i < call_.segments_.size(); ++i) {
    if (rule_.key == KeyPlace::path && i == 1) continue;
    call_.segments_[i] = base::lower(call_.segments_[i]);
  }
  call_.for_browser_ = request.browser;
  call_.strict_ = wants_strict(field("prefer"));
}

Response SpacePipeline::run(std::optional<Held>* held) {
  if (auto refused = let_in()) return finish(*std::move(refused));
  call_.may_hold_ = held != nullptr;
  if (const auto fine = check_input(); !fine) return finish(refuse(fine.error()));
  auto effect = rule_.operation(services_.desk, call_);
  if (!effect) return finish(refuse(effect.error()));
  if (rule_.writes && rule_.key == KeyPlace::none && !field("idempotency-key").empty()) {
    call_.warn({.code = "idempotency_ignored",
                .pointer = "header:Idempotency-Key",
                .message = "This call is made anew each time."});
  }
  std::optional<Response> replay;
  auto outcome = perform(*effect, replay);
  if (repeatable_) services_.answers.end(repeatable_->scope);
  if (replay) return finish(*std::move(replay));
  if (!outcome) return finish(refuse(outcome.error()));
  if (outcome->wait_after && call_.may_hold_) {
    *held = Held{.space = call_.caller().space,
                 .key_id = spaces::text_of(call_.caller().key_id),
                 .after = *outcome->wait_after,
                 .seconds = outcome->wait_s};
  }
  return finish(respond(*std::move(outcome)));
}

std::variant<Response, Reader> SpacePipeline::admit() {
  if (auto refused = let_in()) return finish(*std::move(refused));
  if (const auto fine = check_input(); !fine) return finish(refuse(fine.error()));
  Reader reader{.caller = call_.caller(), .for_browser = request_.browser};
  if (rule_.door == Door::export_) {
    auto effect = rule_.operation(services_.desk, call_);
    if (!effect) return finish(refuse(effect.error()));
    std::optional<Response> replay;
    if (auto done = perform(*effect, replay); !done) return finish(refuse(done.error()));
    reader.fields = finish(Response{}).fields;
    return reader;
  }
  auto query = Query::read(request_.query);
  if (!query) return finish(refuse(query.error()));
  const auto cursor = query->text("cursor", 100);
  if (const auto fine = call_.finish(*query); !fine) return finish(refuse(fine.error()));
  if (const std::string_view last = field("last-event-id"); !last.empty()) {
    std::int64_t seq = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), seq);
    if (error != std::errc() || end != last.data() + last.size() || seq < 0) {
      return finish(refuse(Code::cursor_invalid));
    }
    reader.after = seq;
  } else if (cursor) {
    const auto position = services_.desk.cursors.read(call_.segment(0) + "/messages", *cursor);
    if (!position) return finish(refuse(position.error()));
    reader.after = *position;
  }
  auto place = services_.streams.take(reader.caller, request_.source_address);
  if (!place) return finish(refuse(place.error()));
  reader.place = *std::move(place);
  reader.fields = finish(Response{}).fields;
  return reader;
}

bool SpacePipeline::would_admit() { return !check_credential() && !check_rights(); }

std::optional<Response> SpacePipeline::let_in() {
  if (auto refused = check_source()) return refused;
  if (auto refused = check_credential()) {
    if (dead_replay_) return *std::move(dead_replay_);
    if (refused->status() == 401) return unauthorized(*refused);
    return refuse(*refused);
  }
  // The key of another space has nothing to do with this route's limits; a caller without rights
  // pays for the route like any other.
  const auto rights = check_rights();
  if (rights && rights->code == Code::wrong_space) {
    take_source();
  } else {
    take_rates();
  }
  if (call_.caller_ && !request_.resumed) {
    services_.desk.last_seen.note(*call_.caller_, now_ms(), request_.source_address,
                                  request_.request_id);
  }
  if (rights) return refuse(*rights);
  if (rule_.key != KeyPlace::none) {
    if (auto refused = check_user_token()) {
      return refused->status() == 401 ? unauthorized(*refused) : refuse(*refused);
    }
  }
  if (rates_ && !rates_->allowed) return refuse_rates();
  return std::nullopt;
}

std::optional<Response> SpacePipeline::check_source() {
  if (request_.resumed || request_.caller == CallerKind::owner) return std::nullopt;
  const std::array asks{rate_ask(services_.desk.settings.rates, Policy::source,
                                 RateKey::of_source(request_.source_address))};
  rates_ = services_.limiter.look(asks);
  if (!rates_->allowed) return refuse_rates();
  return std::nullopt;
}

void SpacePipeline::take_source() {
  if (request_.resumed || request_.caller == CallerKind::owner) return;
  const std::array asks{rate_ask(services_.desk.settings.rates, Policy::source,
                                 RateKey::of_source(request_.source_address))};
  rates_ = services_.limiter.take(asks);
}

void SpacePipeline::take_rates() {
  if (request_.resumed || request_.caller == CallerKind::owner) return;
  const Settings& settings = services_.desk.settings;
  const RateKey source = RateKey::of_source(request_.source_address);
  std::array<RateAsk, max_rate_asks> asks;
  std::size_t count = 0;
  const auto ask = [&](Policy policy, const RateKey& key) {
    asks.at(count++) = rate_ask(settings.rates, policy, key);
  };
  const auto* caller = call_.caller_ ? &*call_.caller_ : nullptr;
  switch (rule_.policy) {
    case Policy::space_create:
      ask(Policy::space_create, source);
      ask(Policy::anonymous_mint, RateKey::of_server());
      break;
    case Policy::join:
      ask(Policy::join, RateKey::of_id(caller->holder));
      ask(Policy::join, source);
      break;
    case Policy::join_poll:
      ask(Policy::join_poll,
          RateKey::of_id(spaces::uuid_of(call_.segment(1)).value_or(caller->holder)));
      break;
    case Policy::messages:
      ask(Policy::messages, RateKey::of_id(caller->key_id));
      ask(Policy::space_messages, RateKey::of_id(caller->space_id));
      break;
    case Policy::exports:
      ask(Policy::exports, RateKey::of_id(caller->space_id));
      break;
    case Policy::identity:
      ask(Policy::identity, RateKey::of_id(caller->key_id));
      ask(Policy::identity, source);
      break;
    case Policy::discovery:
      ask(Policy::discovery, source);
      break;
    default:
      ask(rule_.policy, RateKey::of_id(caller->key_id));
  }
  ask(Policy::source, source);
  rates_ = services_.limiter.take(std::span(asks).first(count));
}

base::Result<void> SpacePipeline::check_input() const {
  if (const auto version = field("api-version"); !version.empty() && version != "1") {
    return unsupported(Code::unsupported_api_version, {"1"});
  }
  if (const auto coding = field("content-encoding");
      !coding.empty() && !base::equal_ignoring_case(coding, "identity")) {
    return unsupported(Code::unsupported_media_type, {"identity"});
  }
  const std::string_view type = field("content-type");
  if (route_.method != Method::get && !(request_.body.empty() && type.empty()) && !is_json(type) &&
      !(rule_.raw_text && is_plain_text(type))) {
    std::vector<std::string_view> taken{"application/json"};
    if (rule_.raw_text) taken.insert(taken.end(), {"text/markdown", "text/plain"});
    return unsupported(Code::unsupported_media_type, taken);
  }
  const auto offered = offered_by(route_);
  const std::string_view accept = field("accept");
  if (std::ranges::none_of(offered, [&](auto one) { return accept_weight(accept, one) > 0; })) {
    return unsupported(Code::not_acceptable, offered);
  }
  return {};
}

bool SpacePipeline::is_repeatable_route() const {
  return rule_.key != KeyPlace::none && rule_.door == Door::none && rule_.writes;
}

spaces::Act::Origin SpacePipeline::origin_of(const spaces::Caller* caller) const {
  spaces::Act::Origin origin{.kind = spaces::ActorKind::participant,
                             .participant_id = {},
                             .key_id = {},
                             .source_address = request_.source_address,
                             .request_id = request_.request_id};
  if (caller != nullptr) {
    origin.key_id = spaces::text_of(caller->key_id);
    if (caller->type != spaces::KeyType::invitation) {
      origin.participant_id = spaces::text_of(caller->holder);
    }
  }
  return origin;
}

}  // namespace kronborg::api

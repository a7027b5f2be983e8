#include "api/oauth.h"

#include <algorithm>
#include <boost/json/object.hpp>

#include "api/members.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "credential/space_key.h"
#include "spaces/act.h"
#include "spaces/keys.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;
using base::Error;

/// RFC 6749 section 5.2, with the members that every error of this server has.
Response oauth_error(std::string_view standard_code, const Error& error, const Request& request) {
  Response response;
  response.status = error.status();
  response.content_type = "application/json";
  response.body = base::to_text(json::object{{"error", standard_code},
                                             {"error_description", error.text()},
                                             {"code", base::facts(error.code).name},
                                             {"requestId", request.request_id}});
  return response;
}

/// The value of a form field; nothing when it is absent. Error: invalid_request when it is repeated
/// or not percent-encoded UTF-8.
base::Result<std::optional<std::string>> form_value(std::string_view form, std::string_view name) {
  std::optional<std::string> value;
  while (!form.empty()) {
    const auto end = form.find('&');
    const std::string_view part = form.substr(0, end);
    form = end == std::string_view::npos ? std::string_view{} : form.substr(end + 1);
    const auto equals = part.find('=');
    if (part.substr(0, equals) != name || equals == std::string_view::npos) continue;
    if (value) return Error(Code::invalid_request, "A parameter was sent twice.");
    std::string text(part.substr(equals + 1));
    std::ranges::replace(text, '+', ' ');
    value = base::percent_decode(text);
    if (!value || !base::is_utf8(*value))
      return Error(Code::invalid_request, "The body is not a form.");
  }
  return value;
}

base::Result<void> end_space_key(const spaces::Parts& parts, const credential::SpaceKeyHash& hash,
                                 const Request& request) {
  return parts.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    const std::int64_t now = parts.time.now_ms();
    TRY(const auto found, spaces::read_key(transaction, hash, now));
    const auto* caller = std::get_if<spaces::Caller>(&found);
    if (caller == nullptr) return {};
    spaces::Act::Origin origin{.kind = spaces::ActorKind::participant,
                               .participant_id = {},
                               .key_id = spaces::text_of(caller->key_id),
                               .source_address = request.source_address,
                               .request_id = request.request_id};
    if (caller->type != spaces::KeyType::invitation) {
      origin.participant_id = spaces::text_of(caller->holder);
    }
    spaces::Act act(parts, transaction, now, std::move(origin));
    return spaces::revoke_presented(act, hash);
  });
}

}  // namespace

Response oauth_refusal(const Error& error, const Request& request) {
  const bool passing = error.status() == 429 || error.status() == 503;
  Response response =
      oauth_error(passing ? "temporarily_unavailable" : "invalid_request", error, request);
  for (const base::Detail& detail : error.details) {
    const auto* const seconds = std::get_if<std::int64_t>(&detail.value);
    if (detail.name == "retryAfter" && seconds != nullptr)
      response.fields.emplace_back("Retry-After", std::to_string(*seconds));
  }
  return response;
}

Response revoke_credential(const spaces::Parts& parts, MetricsCredentials& metrics,
                           const Request& request) {
  const std::string_view type = request.field("content-type");
  const std::string_view media = type.substr(0, type.find(';'));
  if (base::equal_ignoring_case(media, "application/logout+jwt")) {
    return oauth_error("invalid_request", Error(Code::issuer_not_enabled), request);
  }
  if (!base::equal_ignoring_case(media, "application/x-www-form-urlencoded")) {
    return oauth_error("invalid_request",
                       Error(Code::unsupported_media_type, "Send a form with the field token."),
                       request);
  }
  auto token = form_value(request.body, "token");
  if (!token) return oauth_error("invalid_request", token.error(), request);
  if (!*token || (*token)->empty()) {
    return oauth_error("invalid_request",
                       Error(Code::invalid_request, "The field token is missing."), request);
  }
  base::Result<void> ended;
  if (const auto key = credential::SpaceKey::parse(**token)) {
    ended = end_space_key(parts, key->hash(), request);
  } else {
    ended = metrics.end_presented({.actor = "holder",
                                   .source_address = request.source_address,
                                   .request_id = request.request_id},
                                  **token);
  }
  base::wipe((*token)->data(), (*token)->size());
  if (!ended) return oauth_error("temporarily_unavailable", ended.error(), request);
  Response response;
  response.content_type = "application/json";
  response.body = "{}";
  return response;
}

Response start_link(const Settings& settings, const Request& request) {
  const auto refuse = [&](Error error) {
    Response response =
        error_response(error, request.request_id, request.field("accept"), settings.origin);
    return response;
  };
  auto members = Members::read(request.body);
  if (!members) return refuse(members.error());
  const auto type = members->line_or_empty("type", 100, Need::optional);
  const auto assertion = members->line_or_empty("assertion_type", 200, Need::optional);
  std::vector<Warning> others;  // every other member belongs to a dialect that is not offered
  if (const auto fine = members->finish(others); !fine) return refuse(fine.error());
  const json::object create{{"method", "POST"}, {"url", settings.origin + "/oresundspace/space"}};
  const base::Detail next{.name = "next", .value = base::JsonText{base::to_text(create)}};
  if (type == "anonymous") {
    return refuse(Error(Code::anonymous_needs_no_registration).with(next));
  }
  if (!type || type == "service_auth" || (type == "identity_assertion" && !assertion)) {
    return refuse(Error(Code::link_not_enabled).with(next));
  }
  if (type == "identity_assertion" && assertion == "verified_email") {
    return refuse(Error(Code::verified_email_not_enabled).with(next));
  }
  if (type == "identity_assertion" && assertion == "urn:ietf:params:oauth:token-type:id-jag") {
    return refuse(Error(Code::issuer_not_enabled).with(next));
  }
  Error invalid(Code::invalid_member);
  invalid.errors.push_back({.pointer = type == "identity_assertion" ? "/assertion_type" : "/type",
                            .code = "not_allowed",
                            .detail = "It is not a kind of registration that is known here."});
  return refuse(invalid);
}

Response space_key_answer(const Settings& settings, const Request& request) {
  const auto refuse = [&](Code code) {
    Response response =
        error_response(Error(code), request.request_id, request.field("accept"), settings.origin);
    if (response.status == 401) {
      response.fields.emplace_back("WWW-Authenticate",
                                   "Bearer resource_metadata=\"" + settings.origin +
                                       "/.well-known/oauth-protected-resource\"");
    }
    return response;
  };
  const auto purpose = request.field("sec-purpose");
  if (request.method == "GET" && purpose.find("prefetch") != std::string_view::npos) {
    return refuse(Code::session_required);
  }
  const bool bearer_token = request.bearer && request.bearer->reveal().starts_with("osp_");
  const bool bearer_key =
      request.bearer && credential::SpaceKey::parse(request.bearer->reveal()).has_value();
  if (request.bearer && !bearer_token && !bearer_key) return refuse(Code::session_invalid);
  if (bearer_token || request.user_token) return refuse(Code::user_token_not_accepted);
  if (bearer_key || request.private_key) return refuse(Code::session_required);
  return refuse(Code::session_missing);
}

}  // namespace kronborg::api

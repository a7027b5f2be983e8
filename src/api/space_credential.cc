#include <algorithm>

#include "api/space_ended.h"
#include "api/space_pipeline.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "spaces/join.h"

// Step 6 of docs/protocol/http.md section 4 for routes of spaces: conflict, shape, known, alive,
// right space, right role (spaces.md section 2), then X-User-Token (accounts: no token is valid
// yet).

namespace kronborg::api {
namespace {

using base::Code;
using base::Error;
using credential::SpaceKey;

constexpr std::string_view user_token_prefix = "osp_";

std::optional<std::string_view> text_of(const SharedSecret& secret) {
  if (!secret) return std::nullopt;
  return secret->reveal();
}

bool is_user_token(const std::optional<std::string_view>& text) {
  return text && text->starts_with(user_token_prefix);
}

/// Neither repeats what was sent.
Error bad_join_token(std::string_view pointer) {
  Error error(pointer.starts_with('?') ? Code::invalid_parameter : Code::invalid_member);
  error.errors.push_back({.pointer = std::string(pointer),
                          .code = "bad_pattern",
                          .detail = "A join token has 64 hexadecimal digits."});
  return error;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = part.find('=');
    if (part.substr(0, equals) != name || equals == std::string_view::npos) continue;
    return base::percent_decode(part.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> SpacePipeline::check_credential() {
  if (rule_.key == KeyPlace::none) return check_user_token();
  if (auto refused = present_key()) return refused;
  if (auto refused = read_join_token()) return refused;
  if (auto refused = find_caller()) return refused;
  return std::nullopt;
}

std::optional<Error> SpacePipeline::present_key() {
  if (rule_.key == KeyPlace::path) {
    key_ = SpaceKey::parse(call_.segment(1));
    if (!key_) return Error(Code::key_malformed);
    return std::nullopt;
  }
  const auto named = text_of(request_.private_key);
  const auto bearer = text_of(request_.bearer);
  const auto bearer_key = bearer ? SpaceKey::parse(*bearer) : std::nullopt;
  if (named && bearer_key && !base::equal_ignoring_case(*named, *bearer)) {
    return Error(Code::credential_conflict, "Two different space keys were sent.");
  }
  if (!named && route_.id == "whoAmI" &&
      (is_user_token(bearer) || (request_.user_token && !bearer)))
    return Error(Code::user_token_invalid);
  if (!named && rule_.user_token && is_user_token(bearer)) return Error(Code::key_missing);
  if (!named && !bearer) return Error(Code::key_missing);
  key_ = SpaceKey::parse(named ? *named : *bearer);
  if (!key_) return Error(Code::key_malformed);
  return std::nullopt;
}

std::optional<Error> SpacePipeline::read_join_token() {
  if (!is_join() && rule_.key != KeyPlace::poll) return std::nullopt;
  const auto in_field = text_of(request_.join_token);
  std::optional<std::string> in_query;
  if (rule_.key == KeyPlace::poll) in_query = query_value(request_.query, "joinToken");
  if (in_field && in_query && !base::equal_ignoring_case(*in_field, *in_query)) {
    return Error(Code::credential_conflict, "Two different join tokens were sent.",
                 "Send one, in X-Join-Token.");
  }
  if (!in_field && !in_query) return std::nullopt;
  join_token_ = SpaceKey::parse(in_field ? *in_field : std::string_view(*in_query));
  if (!join_token_) return bad_join_token(in_field ? "header:X-Join-Token" : "?joinToken");
  call_.join_token_ = join_token_->hash();
  return std::nullopt;
}

std::optional<Error> SpacePipeline::find_caller() {
  const auto& parts = services_.desk.parts;
  const auto hash = key_->hash();
  if (auto known = parts.directory.known(hash, now_ms())) {
    call_.caller_ = std::move(known);
    return std::nullopt;
  }
  const auto found = parts.directory.find(parts, hash);
  if (!found) return found.error();
  if (const auto* dead = std::get_if<spaces::DeadKey>(&*found)) return dead_key(*dead);
  if (std::holds_alternative<spaces::UnknownKey>(*found)) return Error(Code::key_unknown);
  call_.caller_ = std::get<spaces::Caller>(*found);
  return std::nullopt;
}

std::optional<Error> SpacePipeline::dead_key(const spaces::DeadKey& dead) {
  const auto& parts = services_.desk.parts;
  if (rule_.key == KeyPlace::poll && join_token_ && dead.code != "space_closed") {
    std::optional<spaces::Caller> waiting;
    const auto looked =
        parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
          TRY(waiting, spaces::waiting_joiner(transaction, dead.was.hash, call_.segment(0),
                                              call_.segment(1), join_token_->hash(), now_ms()));
          return {};
        });
    if (!looked) return looked.error();
    if (waiting) {
      call_.caller_ = std::move(waiting);
      return std::nullopt;
    }
  }
  if (is_repeatable_route() && !field("idempotency-key").empty()) {
    const auto asked = repeatable_call(request_, *key_, join_token_, is_join());
    if (asked) {
      const auto looked =
          parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
            TRY(dead_replay_, services_.answers.find(transaction, *asked, now_ms(), true));
            return {};
          });
      if (!looked && looked.error().code != Code::idempotency_mismatch) return looked.error();
    }
  }
  // Who waits with its join token is not told of the invitation, which ended joining, not waiting.
  if (rule_.key == KeyPlace::poll && join_token_) {
    if (auto closed = ended_space(dead)) return closed;
  }
  return ended(dead);
}

std::optional<Error> SpacePipeline::check_rights() const {
  if (!call_.caller_) return std::nullopt;
  const spaces::Caller& caller = *call_.caller_;
  if (!call_.segments_.empty()) {
    const auto space = spaces::uuid_of(call_.segment(0));
    if (!space || *space != caller.space_id) return Error(Code::wrong_space);
  }
  if (!rule_.who.has(caller.type)) {
    std::vector<std::string> needs;
    for (const auto type : {spaces::KeyType::owner, spaces::KeyType::participant,
                            spaces::KeyType::observer, spaces::KeyType::invitation}) {
      if (rule_.who.has(type)) needs.emplace_back(spaces::name_of(type));
    }
    return Error(Code::role_forbidden)
        .with({.name = "keyType", .value = std::string(spaces::name_of(caller.type))})
        .with({.name = "needs", .value = std::move(needs)});
  }
  if (rule_.speaks && caller.is_muted(now_ms())) {
    Error error(Code::muted);
    if (caller.muted_until_ms != spaces::Caller::forever) {
      return std::move(error).with(
          {.name = "mutedUntil", .value = base::iso_time(caller.muted_until_ms)});
    }
    return error;
  }
  return std::nullopt;
}

std::optional<Error> SpacePipeline::check_user_token() {
  if (!rule_.user_token) return std::nullopt;
  const auto named = text_of(request_.user_token);
  const auto bearer = text_of(request_.bearer);
  if (named && is_user_token(bearer) && *named != *bearer) {
    return Error(Code::credential_conflict, "Two different identity tokens were sent.",
                 "Send one, in X-User-Token.");
  }
  user_token_refused_ = named.has_value() || is_user_token(bearer);
  if (user_token_refused_ && call_.strict_) return Error(Code::user_token_invalid);
  if (route_.id != "joinSpace" && !services_.desk.settings.anonymous_create) {
    return Error(Code::identity_token_required);
  }
  return std::nullopt;
}

}  // namespace kronborg::api

#include <algorithm>
#include <boost/json/value.hpp>

#include "api/known_key.h"
#include "api/pages.h"
#include "api/router_state.h"
#include "api/routes.h"
#include "api/space_ended.h"
#include "api/space_render.h"
#include "base/clock.h"
#include "base/json.h"
#include "spaces/export.h"
#include "spaces/keys.h"
#include "spaces/message.h"

// What doors ask of the router (streams, exports, MCP, A2A).

namespace kronborg::api {
namespace {

constexpr int messages_per_page = 200;
constexpr std::size_t uses_per_commit = 256;
// A flood of keys must not hold the writer.
constexpr std::size_t first_uses_per_flush = 4096;
constexpr std::size_t uses_per_flush = 512;

bool leads_to(std::string_view method, std::string_view path, Door door) {
  const Found found = find_route(method, path);
  const SpaceRule* const rule = found.route == nullptr ? nullptr : found.route->rule.space_rule();
  return rule != nullptr && rule->door == door;
}

spaces::Act::Origin origin_of(const LastSeen::Use& use) {
  spaces::Act::Origin origin{.kind = spaces::ActorKind::participant,
                             .participant_id = {},
                             .key_id = spaces::text_of(use.caller.key_id),
                             .source_address = use.source_address,
                             .request_id = use.request_id};
  if (use.caller.type != spaces::KeyType::invitation) {
    origin.participant_id = spaces::text_of(use.caller.holder);
  }
  return origin;
}

base::Result<void> write_use(const spaces::Parts& parts, sql::Transaction& transaction,
                             const LastSeen::Use& use) {
  if (!use.caller.used_before) {
    TRY(const auto found, spaces::read_key(transaction, use.caller.hash, parts.time.now_ms()));
    const auto* caller = std::get_if<spaces::Caller>(&found);
    if (caller == nullptr) return {};
    spaces::Act act(parts, transaction, use.at_ms, origin_of(use));
    if (!caller->used_before) TRY_VOID(spaces::note_first_use(act, *caller));
  }
  // In a flood the newest uses are written first: an older one takes nothing back.
  TRY(const auto written,
      transaction("UPDATE space_keys SET last_used_at_ms = $1 WHERE hash = $2 AND ended_at_ms IS "
                  "NULL AND (last_used_at_ms IS NULL OR last_used_at_ms <= $1)",
                  use.at_ms, credential::hash_text(use.caller.hash)));
  if (written.changed == 0) return {};
  TRY_VOID(
      transaction("UPDATE space_participants SET last_seen_at_ms = $1 WHERE id = $2 AND "
                  "(last_seen_at_ms IS NULL OR last_seen_at_ms <= $1)",
                  use.at_ms, spaces::text_of(use.caller.holder)));
  return {};
}

}  // namespace

bool Router::is_space_stream(std::string_view method, std::string_view path) const {
  return state_->settings.spaces_enabled && leads_to(method, path, Door::stream);
}

bool Router::is_space_export(std::string_view method, std::string_view path) const {
  return state_->settings.spaces_enabled && leads_to(method, path, Door::export_);
}

std::variant<Response, Reader> Router::admit(const Request& request) {
  Found found = find_route(request.method, request.path);
  if (found.route == nullptr || found.route->rule.space_rule() == nullptr) {
    return error_response(base::Code::route_not_found, request.request_id, {},
                          state_->settings.origin);
  }
  return SpacePipeline(state_->spaces, request, *found.route, std::move(found.segments)).admit();
}

bool Router::would_admit(const Request& request) {
  Found found = find_route(request.method, request.path);
  if (found.route == nullptr || found.route->rule.space_rule() == nullptr) return false;
  return SpacePipeline(state_->spaces, request, *found.route, std::move(found.segments))
      .would_admit();
}

base::Result<Snapshot> Router::snapshot(const Reader& reader) {
  const SpaceDesk& desk = state_->spaces.desk;
  Snapshot taken;
  TRY_VOID(desk.parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    const std::int64_t now = desk.parts.time.now_ms();
    // Between being let in and listening the key may have ended: nobody would tell.
    TRY(const auto found, spaces::read_key(transaction, reader.caller.hash, now));
    if (!std::holds_alternative<spaces::Caller>(found)) return ended(found);
    spaces::Act act(desk.parts, transaction, now, {});
    TRY(const auto space, spaces::read_space(act, reader.caller.space));
    taken.last_seq = space.last_seq;
    if (reader.after.value_or(0) > taken.last_seq) return base::Code::cursor_invalid;
    TRY(const auto object, api::snapshot(desk, act, reader.caller));
    taken.space = base::to_text(object);
    return {};
  }));
  return taken;
}

base::Result<Router::Replay> Router::replay(const Reader& reader, std::int64_t after,
                                            std::int64_t until) {
  const SpaceDesk& desk = state_->spaces.desk;
  const auto form = reader.for_browser ? spaces::Form::for_browser : spaces::Form::whole;
  Replay replay{.text = {}, .last = after};
  TRY_VOID(desk.parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    spaces::Act act(desk.parts, transaction, desk.parts.time.now_ms(), {});
    TRY(const auto page,
        spaces::read_messages(act, reader.caller.space, after, messages_per_page, form));
    for (const spaces::Message& message : page.messages) {
      if (message.seq > until) break;
      spaces::Notice notice{.kind = spaces::NoticeKind::message,
                            .seq = message.seq,
                            .data = base::to_text(spaces::render(message, form)),
                            .browser_data = {},
                            .ended_key_id = {},
                            .artifact_id = {}};
      replay.text += notice.text(false);
      replay.last = message.seq;
    }
    return {};
  }));
  replay.has_more = replay.last < until;
  return replay;
}

base::Result<void> Router::export_space(const Reader& reader,
                                        const std::function<bool(std::string_view)>& sink) {
  const spaces::Parts& parts = state_->spaces.desk.parts;
  return parts.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    spaces::Act act(parts, transaction, parts.time.now_ms(), {});
    TRY(const auto space, spaces::read_space(act, reader.caller.space));
    return spaces::export_space(act, space, sink);
  });
}

std::optional<base::Error> Router::take_source_rate(Policy policy, std::string_view source_address,
                                                    RateFields& fields) {
  const RateKey key = RateKey::of_source(source_address);
  const std::array asks{rate_ask(state_->settings.rates, policy, key),
                        rate_ask(state_->settings.rates, Policy::source, key)};
  const RateVerdict verdict = state_->limiter.take(asks);
  fields = rate_fields(verdict);
  if (verdict.allowed) return std::nullopt;
  state_->counters.rate_limited(facts_of(policy).name);
  return rate_limited(verdict);
}

std::vector<std::pair<std::string, std::string>> Router::doc_pages() const {
  std::vector<std::pair<std::string, std::string>> pages;
  for (Page& page : documentation(state_->settings)) {
    pages.emplace_back(std::move(page.name), std::move(page.markdown));
  }
  return pages;
}

Response Router::refuse_early(const base::Error& error, std::string_view request_id,
                              std::string_view accept, std::string_view source_address) {
  Response response = error_response(error, request_id, accept, state_->settings.origin);
  if (source_address.empty()) return response;
  const std::array asks{
      rate_ask(state_->settings.rates, Policy::source, RateKey::of_source(source_address))};
  for (auto& one : rate_fields(state_->limiter.take(asks))) {
    response.fields.push_back(std::move(one));
  }
  return response;
}

void Router::make_documents() const { (void)state_->documents.paths(); }

void Router::answers_removed(std::int64_t count) { state_->answers->removed(count); }

const spaces::Parts& Router::spaces() const { return state_->nouns.spaces; }

const Settings& Router::settings() const { return state_->settings; }

std::int64_t Router::open_streams() const { return state_->streams.open(); }

KnownKey Router::known_key() const { return KnownKey(state_->spaces); }

base::Result<void> Router::flush_last_use() {
  const spaces::Parts& parts = state_->spaces.desk.parts;
  const auto uses = state_->last_seen.collect(first_uses_per_flush, uses_per_flush);
  for (std::size_t begin = 0; begin < uses.size(); begin += uses_per_commit) {
    const std::size_t end = std::min(begin + uses_per_commit, uses.size());
    TRY_VOID(parts.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
      for (std::size_t i = begin; i < end; ++i) {
        TRY_VOID(write_use(parts, transaction, uses[i]));
      }
      return {};
    }));
  }
  return {};
}

}  // namespace kronborg::api

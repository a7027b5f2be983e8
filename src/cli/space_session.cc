#include "cli/space_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "app/settings.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/space_link.h"
#include "cli/space_refusal.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;
namespace json = base::json;

constexpr int most_attempts = 3;
constexpr std::chrono::seconds pause_between{1};
constexpr base::JsonLimits answer_limits{.members = 4096, .items = 65'536};
constexpr int most_pages = 1000;
constexpr int pending_status = 202;

bool is_json(std::string_view content_type) {
  return content_type.starts_with("application/json") ||
         content_type.starts_with("application/problem+json");
}

Reply reply_of(http::FetchAnswer& answer) {
  Reply reply{answer.status, answer.content_type, std::move(answer.body), nullptr};
  if (is_json(reply.content_type)) {
    if (auto value = base::parse_json(reply.body, answer_limits)) reply.value = std::move(*value);
  }
  return reply;
}

base::Result<http::UpstreamUrl> address_of(std::string_view server) {
  auto url = http::parse_upstream_url(server);
  if (!url) {
    return Error(Code::usage,
                 fmt::format("'{}' is not the address of a server", base::printable(server, 120)),
                 "write https://host or http://host:port");
  }
  return url;
}

/// The keys that were put together for one request do not stay in memory.
void forget(http::FetchRequest& request) {
  for (auto& [name, value] : request.fields) base::wipe(value.data(), value.size());
}

bool is_worth_repeating(const Error& error) {
  return http::may_have_arrived(error) || error.code == Code::idempotency_in_flight;
}

base::Result<Reply> attempt(const http::UpstreamUrl& url, const http::FetchRequest& request) {
  TRY(auto answer, http::fetch(url, request));
  auto reply = reply_of(answer);
  if (!reply.ok()) return refusal_of(reply, answer);
  if (!reply.value.is_object()) {
    return Error(Code::server_unreachable,
                 fmt::format("{} did not answer as a server of spaces does", url.host_field),
                 "is the address right?");
  }
  return reply;
}

}  // namespace

base::Result<Reply> call_server(const std::string& server, SpaceRequest request) {
  TRY(const auto url, address_of(server));
  http::FetchRequest sent{.method = std::move(request.method),
                          .target = std::move(request.path),
                          .fields = std::move(request.fields)};
  const bool repeatable = std::ranges::any_of(
      sent.fields, [](const auto& field) { return field.first == "Idempotency-Key"; });
  sent.fields.emplace_back("Accept", "application/json");
  if (request.body) {
    sent.fields.emplace_back("Content-Type", "application/json");
    sent.body = base::to_text(*request.body);
  }
  auto reply = attempt(url, sent);
  for (int i = 1; i < most_attempts && repeatable && !reply; ++i) {
    if (!is_worth_repeating(reply.error())) break;
    std::this_thread::sleep_for(pause_between);
    reply = attempt(url, sent);
  }
  forget(sent);
  return reply;
}

base::Result<std::string> server_or_own(const Context& context,
                                        const std::optional<std::string>& given) {
  std::string server;
  if (given) {
    server = *given;
    while (server.ends_with('/')) server.pop_back();
  } else {
    TRY(const auto config, context.load_config());
    TRY(const auto settings, app::settle(config));
    server = settings.origin;
  }
  TRY_VOID(address_of(server));
  if (is_overheard(server)) {
    fmt::print(stderr, "note: keys travel unencrypted to {}\n", base::printable(server, 120));
  }
  return server;
}

std::pair<std::string, std::string> idempotency_field() {
  base::SystemRandom random;
  return {"Idempotency-Key", base::uuid4(random)};
}

std::string space_path(const StoredSpace& space, std::string_view path) {
  return "/oresundspace/space/" + space.space_id + std::string(path);
}

base::Result<StoredSpaces> SpaceSession::stored() const {
  TRY(const auto folder, context_.folder());
  return StoredSpaces::load(folder);
}

base::Result<void> SpaceSession::keep(StoredSpace& space,
                                      const std::function<void(StoredSpace&)>& edit) const {
  edit(space);
  TRY(auto all, stored());
  return all.update(space.entry, edit);
}

base::Result<StoredSpace> SpaceSession::open(const SpaceChoice& choice) {
  TRY(const auto all, stored());
  TRY(auto space, all.find(choice));
  if (!space.waits()) return space;
  if (space.participant_id.empty()) {
    return Error(Code::usage, "the join to this space was not answered",
                 "join again with the same link and name: it is not counted twice");
  }
  TRY(const auto answer, collect(space));
  if (answer.status != pending_status) return space;
  return Error(Code::participant_state, "the owner of this space has not decided on your join yet",
               "try again later, or wait with 'kronborg space join --wait' and the same link");
}

Error SpaceSession::forget_refused(const StoredSpace& space, Error error) const {
  const bool refused = error.code == Code::join_denied || error.code == Code::join_expired ||
                       error.code == Code::participant_removed || !ended_reason(error).empty();
  if (!refused || !space.waits()) return error;
  auto all = stored();
  if (all) static_cast<void>(all->remove(space.entry).has_value());
  return error;
}

base::Result<Reply> SpaceSession::collect(StoredSpace& space) {
  // The same for the same key: a lost answer comes again, and not after a reissue.
  auto once = "collect-" + space.participant_id;
  if (!space.key_id.empty()) once += "-" + space.key_id;
  auto reply = call_server(space.server,
                           {.path = space_path(space, "/join/" + space.participant_id),
                            .fields = {{"X-Private-Key", std::string(space.invitation.reveal())},
                                       {"X-Join-Token", std::string(space.join_token.reveal())},
                                       {"Idempotency-Key", once}}});
  if (!reply) return forget_refused(space, reply.error());
  if (reply->status == pending_status) return reply;
  const auto key = raw_of(reply->value, "participantPrivateKey");
  if (!is_space_key(key)) {
    return Error(Code::participant_state, "the key of this join was collected before",
                 "ask the owner of the space to reissue it");
  }
  const auto replaced = space.key_id;
  TRY_VOID(keep(space, [&](StoredSpace& kept) {
    if (kept.key_id != replaced) return;  // another command was faster, and its key is newer
    kept.key = base::SecretText(key);
    kept.key_id = raw_of(reply->value, "keyId");
    kept.key_type = raw_of(reply->value, "keyType");
    kept.as = raw_of(reply->value, "name");
  }));
  const auto shown =
      call_server(space.server, {.path = space_path(space, ""),
                                 .fields = {{"X-Private-Key", std::string(space.key.reveal())}}});
  if (!shown) return reply;
  TRY_VOID(keep(space, [&](StoredSpace& kept) { kept.name = raw_of(shown->value, "name"); }));
  return reply;
}

base::Result<Reply> SpaceSession::call(StoredSpace& space, std::string_view method,
                                       std::string_view path,
                                       const std::optional<json::value>& body, Fields fields) {
  const bool named = std::ranges::any_of(
      fields, [](const auto& field) { return field.first == "Idempotency-Key"; });
  if (method != "GET" && !named) fields.push_back(idempotency_field());
  const auto ask = [&] {
    SpaceRequest request{.method = std::string(method),
                         .path = space_path(space, path),
                         .body = body,
                         .fields = fields};
    request.fields.emplace_back("X-Private-Key", std::string(space.key.reveal()));
    return call_server(space.server, std::move(request));
  };
  auto reply = ask();
  if (reply || ended_reason(reply.error()) != "reissued" || space.join_token.empty()) return reply;
  TRY(const auto collected, collect(space));
  return collected.status == pending_status ? reply : ask();
}

base::Result<http::FetchAnswer> SpaceSession::stream(const StoredSpace& space,
                                                     std::string_view path, Fields fields,
                                                     const http::FetchSink& sink,
                                                     std::chrono::seconds patience,
                                                     const std::function<bool()>& stop) {
  TRY(const auto url, address_of(space.server));
  http::FetchRequest request{.target = space_path(space, path),
                             .fields = std::move(fields),
                             .patience = patience,
                             .stop = stop};
  request.fields.emplace_back("X-Private-Key", std::string(space.key.reveal()));
  auto answer = http::fetch(url, request, sink);
  forget(request);
  if (!answer) return answer;
  if (answer->stopped || (answer->status >= 200 && answer->status < 300)) return answer;
  const auto reply = reply_of(*answer);
  return refusal_of(reply, *answer);
}

base::Result<json::array> SpaceSession::all_of(StoredSpace& space, std::string_view path,
                                               std::string_view member) {
  json::array all;
  std::string cursor;
  for (int pages = 0; pages < most_pages; ++pages) {
    std::string page(path);
    if (!cursor.empty()) {
      page += (page.find('?') == std::string::npos ? "?cursor=" : "&cursor=") + segment(cursor);
    }
    TRY(const auto reply, call(space, "GET", page));
    for (const auto& item : array_of(reply.value, member)) all.push_back(item);
    cursor = raw_of(reply.value, "cursor");
    if (!flag_of(reply.value, "hasMore") || cursor.empty()) return all;
  }
  return Error(Code::server_unreachable, "the list of the server does not end");
}

base::Result<std::string> SpaceSession::artifact_id(StoredSpace& space, std::string_view wanted) {
  if (base::is_uuid(wanted)) return base::lower(wanted);
  TRY(const auto artifacts, all_of(space, "/artifacts?limit=500", "artifacts"));
  TRY(const auto found, chosen(artifacts, "artifactId", "name", wanted, "document"));
  return std::string(raw_of(found, "artifactId"));
}

}  // namespace kronborg::cli

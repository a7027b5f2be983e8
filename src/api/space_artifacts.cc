#include <fmt/format.h>

#include <array>
#include <boost/json/array.hpp>
#include <charconv>

#include "api/accept.h"
#include "api/media.h"
#include "api/space_operations.h"
#include "base/text.h"
#include "spaces/artifact.h"

// docs/protocol/spaces.md sections 9.1 and 9.2.

namespace kronborg::api {
namespace {

namespace json = boost::json;
using base::Code;
using spaces::Artifact;
using spaces::Revision;

constexpr std::size_t max_name = 120;
constexpr std::size_t max_note = 200;
constexpr std::int64_t largest_number = (std::int64_t{1} << 53U) - 1;
constexpr std::string_view markdown = "text/markdown";
constexpr std::string_view plain = "text/plain";
constexpr std::array<std::string_view, 3> media_types = {markdown, plain, "application/json"};

std::optional<std::string> note_of(Members& members) {
  auto note = members.text_or_empty("note", max_note, Need::optional);
  if (note && note->empty()) note.reset();
  return note;
}

/// The members of a write: a raw text stands for its content.
base::Result<Members> written(const SpaceCall& call) {
  if (!is_plain_text(call.field("content-type"))) return call.members();
  if (!base::is_utf8(call.request().body)) {
    base::Error error(Code::invalid_member, "The text is not UTF-8.");
    error.errors.push_back({.pointer = "", .code = "bad_pattern", .detail = "It must be UTF-8."});
    return error;
  }
  return Members::of(json::object{{"content", json::string(call.request().body)}});
}

/// X-Fencing-Token: a number in decimal digits.
base::Result<std::optional<std::int64_t>> fencing_field(const SpaceCall& call) {
  const std::string_view text = call.field("x-fencing-token");
  if (text.empty()) return std::optional<std::int64_t>();
  std::int64_t number = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed == std::errc() && end == text.data() + text.size() && number >= 0)
    return std::optional(number);
  base::Error error(Code::invalid_parameter, "X-Fencing-Token is not a number.");
  error.errors.push_back({.pointer = "header:X-Fencing-Token",
                          .code = "bad_pattern",
                          .detail = "It must be decimal digits."});
  return error;
}

/// Section 9.2: what the request says of the state it wants to change.
base::Result<spaces::Condition> condition_of(const SpaceCall& call, Members& members) {
  spaces::Condition condition;
  if (const std::string_view tag = call.field("if-match"); !tag.empty()) condition.if_match = tag;
  TRY(const auto sent, fencing_field(call));
  condition.fencing_token = members.integer("fencingToken", 0, largest_number, Need::optional);
  if (sent && condition.fencing_token.value_or(*sent) != *sent)
    members.fault("fencingToken", "not_allowed", "It differs from X-Fencing-Token.");
  if (sent) condition.fencing_token = sent;
  return condition;
}

void warn_unless(const spaces::Condition& condition, const SpaceCall& call) {
  if (!condition.unconditional()) return;
  call.warn({.code = "unconditional_write",
             .message = "Nothing said which revision this was based on: work of others may have "
                        "been overwritten. Send If-Match or baseRevision."});
}

SpaceOutcome shown(const Artifact& artifact, std::int64_t now_ms) {
  return {.body = spaces::render_summary(artifact, now_ms), .etag = artifact.etag()};
}

/// The type in which the bare content is wanted, when Accept ranks one above JSON.
std::optional<std::string_view> bare_type(std::string_view accept, std::string_view own) {
  std::string_view best = own == markdown ? markdown : plain;
  const std::string_view other = best == plain ? markdown : plain;
  if (accept_weight(accept, other) > accept_weight(accept, best)) best = other;
  if (accept_weight(accept, best) > accept_weight(accept, "application/json")) return best;
  return std::nullopt;
}

std::string list_name(const SpaceCall& call, std::string_view below) {
  return fmt::format("{}/artifacts{}", call.segment(0), below);
}

std::optional<std::int64_t> revision_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || text.starts_with('0'))
    return std::nullopt;
  return number;
}

}  // namespace

base::Result<SpaceEffect> create_artifact(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  spaces::NewArtifact wanted;
  wanted.name = members.line("name", max_name, Need::required).value_or("");
  wanted.content =
      members.content("content", spaces::max_artifact_bytes, Need::optional).value_or("");
  wanted.media_type =
      members.one_of("mediaType", media_types, Need::optional).value_or(std::string(markdown));
  wanted.note = note_of(members);
  TRY_VOID(call.finish(members));
  return [caller = call.caller(),
          wanted = std::move(wanted)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Artifact artifact, spaces::create_artifact(act, caller, wanted));
    return shown(artifact, act.now_ms);
  };
}

base::Result<SpaceEffect> list_artifacts(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Query query, call.query());
  const std::string list = list_name(call, "");
  TRY(const Paged paged, read_paged(desk, query, list, 100, 500));
  TRY_VOID(call.finish(query));
  return [&desk, space = call.caller().space, list,
          paged](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto page, spaces::list_artifacts(act, space, paged.after, paged.limit));
    json::array artifacts;
    for (const Artifact& artifact : page.items)
      artifacts.emplace_back(spaces::render_summary(artifact, act.now_ms));
    SpaceOutcome outcome{.body = {{"artifacts", std::move(artifacts)}}};
    add_cursor(desk, outcome.body, list, page.last, page.has_more);
    return outcome;
  };
}

base::Result<SpaceEffect> get_artifact(const SpaceDesk&, const SpaceCall& call) {
  TRY_VOID(call.finish());
  return
      [space = call.caller().space, id = call.segment(1),
       accept = std::string(call.field("accept"))](spaces::Act& act) -> base::Result<SpaceOutcome> {
        TRY(const Artifact artifact, spaces::read_artifact(act, space, id));
        TRY(Revision current, spaces::read_revision(act, artifact, artifact.revision));
        SpaceOutcome outcome = shown(artifact, act.now_ms);
        if (const auto type = bare_type(accept, artifact.media_type)) {
          outcome.content_type = fmt::format("{}; charset=utf-8", *type);
          outcome.text = *std::move(current.content);
        } else {
          outcome.body["content"] = json::string(*current.content);
        }
        return outcome;
      };
}

base::Result<SpaceEffect> write_artifact(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, written(call));
  TRY(spaces::Condition condition, condition_of(call, members));
  condition.base_revision = members.integer("baseRevision", 0, largest_number, Need::optional);
  spaces::ArtifactChange change;
  change.content = members.content("content", spaces::max_artifact_bytes, Need::optional);
  change.name = members.line("name", max_name, Need::optional);
  change.note = note_of(members);
  if (!members.has("content") && !members.has("name")) members.missing("content");
  TRY_VOID(call.finish(members));
  warn_unless(condition, call);
  return [caller = call.caller(), id = call.segment(1), change = std::move(change),
          condition = std::move(condition)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Artifact artifact, spaces::write_artifact(act, caller, id, change, condition));
    return shown(artifact, act.now_ms);
  };
}

base::Result<SpaceEffect> delete_artifact(const SpaceDesk&, const SpaceCall& call) {
  TRY(Members members, call.members());
  TRY(spaces::Condition condition, condition_of(call, members));
  TRY_VOID(call.finish(members));
  warn_unless(condition, call);
  return [caller = call.caller(), id = call.segment(1),
          condition = std::move(condition)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY_VOID(spaces::delete_artifact(act, caller, id, condition));
    return SpaceOutcome{.body = {{"artifactId", id}, {"status", "deleted"}}};
  };
}

base::Result<SpaceEffect> list_revisions(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Query query, call.query());
  const std::string list = list_name(call, fmt::format("/{}/revisions", call.segment(1)));
  TRY(const Paged paged, read_paged(desk, query, list, 100, 500));
  TRY_VOID(call.finish(query));
  return [&desk, space = call.caller().space, id = call.segment(1), list,
          paged](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Artifact artifact, spaces::read_artifact(act, space, id));
    TRY(const auto page, spaces::list_revisions(act, artifact, paged.after, paged.limit));
    json::array revisions;
    for (const Revision& revision : page.items) revisions.emplace_back(spaces::render(revision));
    SpaceOutcome outcome{.body = {{"revisions", std::move(revisions)}}};
    add_cursor(desk, outcome.body, list, page.last, page.has_more);
    return outcome;
  };
}

base::Result<SpaceEffect> get_revision(const SpaceDesk&, const SpaceCall& call) {
  TRY_VOID(call.finish());
  // No revision has the number 0, so that what is no number is not found.
  return [space = call.caller().space, id = call.segment(1),
          number = revision_number(call.segment(2)).value_or(0)](
             spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const Artifact artifact, spaces::read_artifact(act, space, id));
    TRY(const Revision revision, spaces::read_revision(act, artifact, number));
    return SpaceOutcome{.body = spaces::render(revision)};
  };
}

}  // namespace kronborg::api

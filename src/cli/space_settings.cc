#include "cli/space_settings.h"

#include <fmt/format.h>

#include "cli/prompt.h"
#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t most_agenda_bytes = 64'000;

struct ChangeOptions {
  SpaceChoice choice;
  SpaceSettings settings;
  std::optional<std::string> name, reason;
  bool is_private = false, no_agenda = false, yes = false;
};

void print_space(const json::value& space) {
  Facts facts;
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) facts.add(name, std::move(value));
  };
  add("id", text_of(space, "spaceId"));
  add("name", one_line(raw_of(space, "name")));
  add("description", one_line(raw_of(space, "description")));
  add("status", text_of(space, "status") + (flag_of(space, "ownerless") ? ", without owner" : ""));
  add("privacy", text_of(space, "privacy"));
  add("joining", flag_of(space, "requiresApproval") ? "by approval" : "at once");
  if (flag_of(space, "requireVerified")) add("addresses", "have to be proven");
  add("created", date_of(space, "createdAt"));
  add("ends", date_of(space, "expiresAt"));
  add("kept", text_of(space, "retentionDays") + " days after the end");
  add("messages", text_of(space, "lastSeq"));
  add("people", std::to_string(array_of(space, "participants").size()));
  add("documents", std::to_string(array_of(space, "artifacts").size()));
  const auto& you = inner(space, "you");
  add("you", fmt::format("{}, {}{}", text_of(you, "participantId"), text_of(you, "keyType"),
                         flag_of(you, "muted") ? ", muted" : ""));
  facts.print();
  const auto agenda = raw_of(space, "agenda");
  if (!agenda.empty()) fmt::print("\n{}\n", many_lines(agenda));
}

Result<void> show_answer(SpaceSession& session, StoredSpace& space, const Reply& reply) {
  if (const auto name = raw_of(reply.value, "name"); name != space.name) {
    TRY_VOID(session.keep(space, [&](StoredSpace& kept) { kept.name = name; }));
  }
  session.context().show(reply.value, [&] {
    print_space(reply.value);
    print_warnings(reply.value);
  });
  return {};
}

Result<void> show(SpaceSession& session, StoredSpace& space) {
  TRY(const auto reply, session.call(space, "GET", ""));
  return show_answer(session, space, reply);
}

Result<void> update(SpaceSession& session, StoredSpace& space, const ChangeOptions& options) {
  json::object body;
  put_text(body, "name", options.name);
  TRY_VOID(put_settings(body, options.settings));
  if (options.is_private) body["privacy"] = "private";
  if (options.no_agenda) body["agenda"] = nullptr;
  if (options.settings.ttl == "never") {
    body["ttl"] = nullptr;
  } else {
    TRY_VOID(put_seconds(body, "ttl", options.settings.ttl, "--ttl"));
  }
  if (body.empty()) return Error(Code::usage, "nothing was given to change", "see --help");
  TRY(const auto reply, session.call(space, "PUT", "", body));
  return show_answer(session, space, reply);
}

Result<void> confirm(const StoredSpace& space) {
  fmt::print(stderr,
             "Closing '{}' ends all of its keys. What was said there can then no longer be read "
             "with them:\ntake 'kronborg space export' first.\n",
             one_line(space.name));
  TRY(const auto answer, read_line("Type yes to close it", "--yes"));
  if (answer == "yes") return {};
  return Error(Code::usage, "it was not closed", "type yes, or give --yes");
}

Result<void> close(SpaceSession& session, StoredSpace& space, const ChangeOptions& options) {
  if (!options.yes) TRY_VOID(confirm(space));
  json::object body;
  put_text(body, "reason", options.reason);
  if (options.settings.retention) body["retentionDays"] = *options.settings.retention;
  TRY(const auto reply, session.call(space, "DELETE", "", body));
  TRY(auto stored, session.stored());
  TRY_VOID(stored.remove(space.entry));
  session.context().show(reply.value, [&] {
    fmt::print("closed; what was said there is erased on {}\n",
               date_of(reply.value, "contentErasedAt"));
  });
  return {};
}

}  // namespace

void takes_settings(CLI::App* verb, SpaceSettings& settings) {
  verb->add_option("--description", settings.description, "what it is for, up to 4000 characters");
  verb->add_option("--agenda-file", settings.agenda_file,
                   "file with the agenda ('-': standard input)");
  verb->add_flag("--public", settings.is_public, "listed for everybody");
  verb->add_option("--approval", settings.approval,
                   "on: the owner decides on each join; off: an invitation is enough")
      ->check(CLI::IsMember({"on", "off"}));
  verb->add_option("--retention", settings.retention,
                   "days for which content is kept after the end, 0 to 365");
}

Result<void> put_settings(json::object& body, const SpaceSettings& settings) {
  put_text(body, "description", settings.description);
  if (settings.agenda_file) {
    TRY(const auto agenda, read_input(*settings.agenda_file, most_agenda_bytes));
    body["agenda"] = agenda;
  }
  if (settings.is_public) body["privacy"] = "public";
  put_switch(body, "requiresApproval", settings.approval);
  put_switch(body, "requireVerified", settings.require_verified);
  if (settings.retention) body["retentionDays"] = *settings.retention;
  return {};
}

void add_space_settings(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<ChangeOptions>();
  takes_space(noun.verb("show", "show a space", "kronborg space show 'Licence renewal'",
                        [&context, options] { return in_space(context, options->choice, show); }),
              options->choice);
  auto* changed = takes_space(
      noun.verb("update", "change what a space says of itself, and who gets in",
                "kronborg space update 'Licence renewal' --ttl 7d --approval off",
                [&context, options] {
                  return in_space(context, options->choice, [&](auto& session, auto& space) {
                    return update(session, space, *options);
                  });
                }),
      options->choice);
  changed->add_option("--name", options->name, "its new name");
  takes_settings(changed, options->settings);
  changed
      ->add_option("--require-verified", options->settings.require_verified,
                   "on: joining needs a proven address")
      ->check(CLI::IsMember({"on", "off"}));
  changed->add_flag("--private", options->is_private, "not listed")->excludes("--public");
  changed->add_flag("--no-agenda", options->no_agenda, "take the agenda out")
      ->excludes("--agenda-file");
  changed->add_option("--ttl", options->settings.ttl,
                      "end it after 90s, 10m, 12h or 7d from now; never");
  auto* closed = takes_space(
      noun.verb("close", "end a space and all of its keys",
                "kronborg space close 'Licence renewal' --reason 'agreed' --yes",
                [&context, options] {
                  return in_space(context, options->choice, [&](auto& session, auto& space) {
                    return close(session, space, *options);
                  });
                }),
      options->choice);
  closed->add_option("--reason", options->reason, "told to everybody in it");
  closed->add_option("--retention", options->settings.retention, "days for which content is kept");
  closed->add_flag("--yes", options->yes, "do not ask");
}

}  // namespace kronborg::cli

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::chrono::seconds export_patience{60};

struct RecordOptions {
  SpaceChoice choice;
  std::optional<std::string> output, grace;
  std::string key_id;
  bool force = false;
};

/// The lines as they come, to a file or to standard output.
Result<void> export_space(SpaceSession& session, StoredSpace& space, const RecordOptions& options) {
  std::ofstream file;
  if (options.output) {
    file.open(*options.output, std::ios::binary | std::ios::trunc);
    if (!file) return Error(Code::file_error, *options.output + " cannot be written");
  }
  std::string last;
  const auto sink = [&](std::string_view bytes) {
    last = (last + std::string(bytes));
    if (last.size() > 400) last.erase(0, last.size() - 400);
    if (options.output)
      return static_cast<bool>(
          file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  };
  TRY(const auto answer, session.stream(space, "/export", {}, sink, export_patience));
  (void)answer;
  if (options.output) file.flush();
  if (last.find("\"type\":\"end\"") == std::string::npos || (options.output && !file)) {
    return Error(Code::server_unreachable, "the export is not whole: its last line is missing",
                 "try again");
  }
  if (options.output) fmt::print(stderr, "written to {}\n", *options.output);
  return {};
}

Result<void> audit(SpaceSession& session, StoredSpace& space) {
  TRY(const auto events, session.all_of(space, "/audit?limit=500", "events"));
  session.context().show(json::object{{"events", events}}, [&] {
    for (const auto& event : events) {
      fmt::print("{}  {:<22}  {}  {}\n", date_of(event, "at"), text_of(event, "event"),
                 text_of(inner(event, "actor"), "participantId"), text_of(event, "subject"));
    }
  });
  return {};
}

Result<void> keys(SpaceSession& session, StoredSpace& space) {
  TRY(const auto reply, session.call(space, "GET", "/keys"));
  session.context().show(reply.value, [&] {
    Table table({"ID", "TYPE", "HINT", "MADE", "LAST USED", "ENDS", "ENDED"});
    for (const auto& key : array_of(reply.value, "keys")) {
      table.add({text_of(key, "keyId"), text_of(key, "keyType"), text_of(key, "hint"),
                 date_of(key, "createdAt"), date_of(key, "lastUsedAt"), date_of(key, "expiresAt"),
                 text_of(key, "revokedReason")});
    }
    table.print("no keys");
  });
  return {};
}

Result<void> rotate(SpaceSession& session, StoredSpace& space, const RecordOptions& options) {
  json::object body;
  TRY_VOID(put_seconds(body, "graceSeconds", options.grace, "--grace"));
  TRY(const auto reply, session.call(space, "POST", "/keys/rotate", body));
  const auto member = space.key_type == "owner" ? "ownerPrivateKey" : "participantPrivateKey";
  space.key = base::SecretText(raw_of(reply.value, member));
  space.key_id = raw_of(reply.value, "keyId");
  TRY_VOID(session.keep(space));
  session.context().show(reply.value, [&] {
    fmt::print("the new key is stored on this machine; the old one is good until {}\n",
               date_of(reply.value, "previousKeyValidUntil"));
  });
  return {};
}

Result<void> revoke(SpaceSession& session, StoredSpace& space, const RecordOptions& options) {
  TRY(const auto reply,
      session.call(space, "DELETE",
                   "/keys/" + segment(options.key_id) + (options.force ? "?force=true" : "")));
  session.context().show(reply.value, [] { fmt::print("1 key revoked\n"); });
  return {};
}

}  // namespace

void add_space_records(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<RecordOptions>();
  takes_space(noun.verb("export", "everything in a space, as lines of JSON",
                        "kronborg space export 'Licence renewal' --output licence.ndjson",
                        [&context, options] {
                          return in_space(context, options->choice,
                                          [&](auto& session, auto& space) {
                                            return export_space(session, space, *options);
                                          });
                        }),
              options->choice)
      ->add_option("--output", options->output, "file; default: standard output");
  takes_space(noun.verb("audit", "what happened in a space, and who did it",
                        "kronborg space audit 'Licence renewal'",
                        [&context, options] { return in_space(context, options->choice, audit); }),
              options->choice);
}

void add_space_keys(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<RecordOptions>();
  takes_space(noun.verb("keys", "list the keys of a space that you may see",
                        "kronborg space keys 'Licence renewal'",
                        [&context, options] { return in_space(context, options->choice, keys); }),
              options->choice);
  takes_space(noun.verb("rotate", "replace the stored key by a new one",
                        "kronborg space rotate 'Licence renewal' --grace 10m",
                        [&context, options] {
                          return in_space(context, options->choice,
                                          [&](auto& session, auto& space) {
                                            return rotate(session, space, *options);
                                          });
                        }),
              options->choice)
      ->add_option("--grace", options->grace, "how long the old key stays good: 90s, 10m, 12h, 7d");
  auto* ended = takes_space(
      noun.verb("revoke-key", "end a key", "kronborg space revoke-key 'Licence renewal' a4979e2e-…",
                [&context, options] {
                  return in_space(context, options->choice, [&](auto& session, auto& space) {
                    return revoke(session, space, *options);
                  });
                }),
      options->choice);
  ended->add_option("key", options->key_id, "its id, from 'kronborg space keys'")->required();
  ended->add_flag("--force", options->force, "also the owner's last key");
}

}  // namespace kronborg::cli

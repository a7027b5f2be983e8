#include <fmt/format.h>

#include "cli/space.h"
#include "cli/space_link.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

struct KeyOptions {
  SpaceChoice choice;
  std::string key;
  std::optional<std::string> grace, expires;
  bool force = false;
};

std::string state_of(const json::value& key) {
  const auto reason = raw_of(key, "revokedReason");
  if (!reason.empty()) return one_line(reason);
  return text_of(key, "revokedAt").empty() ? "live" : "revoked";
}

Result<void> list(SpaceSession& session, StoredSpace& space) {
  TRY(const auto reply, session.call(space, "GET", "/keys"));
  session.context().show(reply.value, [&] {
    Table table({"ID", "TYPE", "OF", "STATE", "CREATED", "LAST USED", "ENDS", "HINT"});
    for (const auto& key : array_of(reply.value, "keys")) {
      const auto of = text_of(key, "participantId");
      const bool mine = raw_of(key, "keyId") == space.key_id;
      table.add({text_of(key, "keyId"), text_of(key, "keyType"),
                 (of.empty() ? text_of(key, "invitationId") : of).substr(0, 8),
                 state_of(key) + (mine ? " (this machine)" : ""), date_of(key, "createdAt"),
                 date_of(key, "lastUsedAt"), date_of(key, "expiresAt"), text_of(key, "hint")});
    }
    table.print("no keys");
  });
  return {};
}

Result<void> rotate(SpaceSession& session, StoredSpace& space, const KeyOptions& options) {
  json::object body;
  TRY_VOID(put_seconds(body, "graceSeconds", options.grace, "--grace"));
  TRY_VOID(put_seconds(body, "expiresIn", options.expires, "--expires"));
  // The same for the same wish: when the answer is lost, the next call brings it.
  const auto once = fmt::format("rotate-{}-{}-{}", space.key_id, number_of(body, "graceSeconds"),
                                number_of(body, "expiresIn"));
  TRY(const auto reply,
      session.call(space, "POST", "/keys/rotate", body, {{"Idempotency-Key", once}}));
  const auto owned = raw_of(reply.value, "ownerPrivateKey");
  const auto key = owned.empty() ? raw_of(reply.value, "participantPrivateKey") : owned;
  if (!is_space_key(key)) {
    return Error(Code::server_unreachable, "the server did not answer with a key", "try again");
  }
  const auto rotated = space.key_id;
  TRY_VOID(session.keep(space, [&](StoredSpace& kept) {
    if (kept.key_id != rotated) return;  // another command was faster, and its key is newer
    kept.key = base::SecretText(key);
    kept.key_id = raw_of(reply.value, "keyId");
  }));
  session.context().show(reply.value, [&] {
    fmt::print("the new key is stored; the old one {}\n",
               options.grace ? "works until " + date_of(reply.value, "previousKeyValidUntil")
                             : "has ended");
    print_warnings(reply.value);
  });
  return {};
}

Result<void> revoke(SpaceSession& session, StoredSpace& space, const KeyOptions& options) {
  TRY(const auto keys, session.call(space, "GET", "/keys"));
  TRY(const auto key, chosen(array_of(keys.value, "keys"), "keyId", "", options.key, "key"));
  const auto id = raw_of(key, "keyId");
  TRY(const auto reply,
      session.call(space, "DELETE", "/keys/" + segment(id) + (options.force ? "?force=true" : "")));
  session.context().show(reply.value, [&] {
    fmt::print("ended: its next request gets 401\n");
    if (id == space.key_id)
      fmt::print(stderr, "It was the key of this machine: see 'kronborg space forget --help'\n");
  });
  return {};
}

}  // namespace

void add_space_keys(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<KeyOptions>();
  takes_space(noun.verb("keys", "list keys: the owner's of everybody, else your own",
                        "kronborg space keys 'Licence renewal'",
                        [&context, options] { return in_space(context, options->choice, list); }),
              options->choice);
  auto* rotated = takes_space(noun.verb("rotate", "replace the key of this machine by a new one",
                                        "kronborg space rotate 'Licence renewal' --grace 10m",
                                        [&context, options] {
                                          return in_space(context, options->choice,
                                                          [&](auto& session, auto& space) {
                                                            return rotate(session, space, *options);
                                                          });
                                        }),
                              options->choice);
  rotated->add_option("--grace", options->grace, "how long the old key still works, up to 30d");
  rotated->add_option("--expires", options->expires, "end the new key after 1h to 365d");
  auto* revoked = takes_space(noun.verb("revoke-key", "end a key: your own, or as the owner any",
                                        "kronborg space revoke-key 'Licence renewal' 4b211204",
                                        [&context, options] {
                                          return in_space(context, options->choice,
                                                          [&](auto& session, auto& space) {
                                                            return revoke(session, space, *options);
                                                          });
                                        }),
                              options->choice);
  revoked->add_option("space-key", options->key, "its id or the start of it")->required();
  revoked->add_flag("--force", options->force,
                    "even the owner's last key: then nobody governs the space");
}

}  // namespace kronborg::cli

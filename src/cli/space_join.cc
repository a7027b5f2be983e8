#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/encoding.h"
#include "base/random.h"
#include "cli/prompt.h"
#include "cli/space.h"
#include "cli/space_link.h"
#include "cli/space_refusal.h"
#include "cli/space_signature.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr int pending_status = 202;
constexpr int most_failures = 20;  // in a row, while waiting
constexpr std::int64_t least_pause_ms = 1'000;
constexpr std::int64_t usual_pause_ms = 5'000;
constexpr std::int64_t most_pause_ms = 120'000;

struct JoinOptions {
  SpaceChoice choice;
  std::string source;
  std::optional<std::string> link_file, server, name, role, expires, reason;
  Proof proof;
  bool wait = false;
};

Result<InvitationLink> read_link(const JoinOptions& options) {
  std::optional<std::filesystem::path> file;
  if (options.link_file) file = *options.link_file;
  if (options.source == "-") file = "-";
  if (!options.source.empty() && options.source != "-") {
    return Error(Code::usage,
                 "a link is never an argument: it holds a key, and others can read it "
                 "there",
                 "kronborg space join - --name NAME, with the link on standard input");
  }
  // A prompt would be in the way of a pipe, which is how a link mostly comes.
  if (!file && !is_interactive()) file = "-";
  TRY(const auto text,
      read_secret(file, "invitation link", "'-' (standard input) or --link-file F"));
  if (text.empty()) {
    return Error(Code::not_interactive, "the invitation link is missing",
                 "give it with '-' (standard input) or --link-file F");
  }
  return parse_invitation_link(text.reveal());
}

/// The server adds " (2)" to a name that is taken.
bool is_name(const StoredSpace& space, const std::optional<std::string>& name) {
  return !name || space.as == *name || space.as.starts_with(*name + " (");
}

/// An earlier join with this link and name.
std::optional<StoredSpace> earlier(const StoredSpaces& stored, const InvitationLink& link,
                                   const JoinOptions& options) {
  for (const StoredSpace& space : stored.all()) {
    if (space.space_id == link.space_id && space.invitation.reveal() == link.key.reveal() &&
        is_name(space, options.name)) {
      return space.duplicate();
    }
  }
  return std::nullopt;
}

StoredSpace new_join(const InvitationLink& link, std::string server, std::string name) {
  base::SystemRandom random;
  base::Secret<32> token;
  random.fill(token.fill());
  auto digits = base::hex(token.reveal());
  StoredSpace space{.entry = base::uuid4(random),
                    .space_id = link.space_id,
                    .name = {},
                    .server = std::move(server),
                    .as = std::move(name),
                    .key_type = {},
                    .participant_id = {},
                    .key_id = {},
                    .key = {},
                    .invitation = link.key.duplicate(),
                    .join_token = base::SecretText(digits),
                    .asked = base::uuid4(random),
                    .read = {}};
  base::wipe(digits.data(), digits.size());
  return space;
}

Fields invitation_fields(const StoredSpace& space) {
  return {{"X-Private-Key", std::string(space.invitation.reveal())}};
}

/// The body of the join; nothing when only a challenge was shown.
Result<std::optional<json::object>> body_of(Context& context, const StoredSpace& space,
                                            const JoinOptions& options) {
  json::object body{{"name", space.as}};
  put_text(body, "role", options.role);
  TRY_VOID(put_seconds(body, "keyExpiresIn", options.expires, "--key-expires"));
  if (!options.proof.wanted()) return std::optional(std::move(body));
  const ProofPlace place{.server = space.server,
                         .space_id = space.space_id,
                         .purpose = "join",
                         .subject = {},
                         .command = "kronborg space join --link-file L --name N"};
  TRY(auto proof, proven(context, options.proof, place, [&](const json::object& asked) {
        return call_server(space.server, {.method = "POST",
                                          .path = space_path(space, "/identity/challenge"),
                                          .body = asked,
                                          .fields = invitation_fields(space)});
      }));
  if (!proof) return std::optional<json::object>();
  body["identity"] = *std::move(proof);
  return std::optional(std::move(body));
}

void keep_answer(StoredSpace& kept, const json::value& answer) {
  kept.participant_id = raw_of(answer, "participantId");
  kept.key_type = raw_of(answer, "keyType");
  kept.as = raw_of(answer, "name");
  kept.asked = {};
  const auto key = raw_of(answer, "participantPrivateKey");
  if (!is_space_key(key)) return;
  kept.key = base::SecretText(key);
  kept.key_id = raw_of(answer, "keyId");
}

/// What is stored before the request and after it makes the join repeatable, whatever is lost.
Result<Reply> ask_to_join(const SpaceSession& session, StoredSpace& space,
                          const json::object& body) {
  TRY(auto stored, session.stored());
  TRY_VOID(stored.put(space));
  auto fields = invitation_fields(space);
  fields.emplace_back("X-Join-Token", std::string(space.join_token.reveal()));
  fields.emplace_back("Idempotency-Key", space.asked);
  auto reply = call_server(space.server, {.method = "POST",
                                          .path = space_path(space, "/join"),
                                          .body = body,
                                          .fields = std::move(fields)});
  if (!reply) {
    if (exit_code_of(reply.error()) != server_error) TRY_VOID(stored.remove(space.entry));
    return reply;
  }
  const auto& answer = reply->value;
  if (!base::is_uuid(raw_of(answer, "participantId"))) {
    return Error(Code::server_unreachable, "the server did not answer as a server of spaces does",
                 "is the address right?");
  }
  TRY_VOID(session.keep(space, [&](StoredSpace& kept) { keep_answer(kept, answer); }));
  return reply;
}

/// Until the owner has decided. A server that is away for a moment ends no wait.
Result<Reply> wait_for_owner(SpaceSession& session, StoredSpace& space) {
  fmt::print(stderr,
             "waiting for the owner of the space to decide; Ctrl-C does not end the join\n");
  int failures = 0;
  for (;;) {
    auto reply = session.collect(space);
    std::int64_t pause = usual_pause_ms;
    if (reply) {
      if (reply->status != pending_status) return reply;
      failures = 0;
      pause = number_of(reply->value, "suggestedPollingIntervalMs");
    } else {
      if (exit_code_of(reply.error()) != server_error || ++failures > most_failures) return reply;
      pause = std::max(pause, retry_after(reply.error()) * 1000);
    }
    pause = std::clamp(pause, least_pause_ms, most_pause_ms);
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
  }
}

void tell(const StoredSpace& space) {
  fmt::print("{}\n", space.space_id);
  if (space.waits()) {
    fmt::print(
        stderr,
        "\n'{}' waits for the owner of the space to decide. The key is collected by the next "
        "command, or by:\n  kronborg space join --wait, with the same link\n",
        one_line(space.as));
    return;
  }
  fmt::print(stderr,
             "\n'{}' is in {}, as {}. The key is in credentials.toml of this machine.\n"
             "Next:\n  kronborg space read {}\n  kronborg space watch {}\n",
             one_line(space.as),
             space.name.empty() ? "the space" : "'" + one_line(space.name) + "'", space.key_type,
             space.space_id, space.space_id);
}

Result<Reply> learn_name(SpaceSession& session, StoredSpace& space) {
  TRY(const auto shown, session.call(space, "GET", ""));
  const auto name = raw_of(shown.value, "name");
  TRY_VOID(session.keep(space, [&](StoredSpace& kept) { kept.name = name; }));
  return shown;
}

Result<std::string> own_name(const JoinOptions& options) {
  if (options.name) return *options.name;
  // The terminal may still be there when the link came from a file.
  return read_line("Your name in the space", "--name");
}

Result<void> finish(SpaceSession& session, StoredSpace& space, Reply reply,
                    const JoinOptions& options) {
  if (space.waits() && options.wait) {
    TRY(reply, wait_for_owner(session, space));
  }
  if (!space.waits() && space.name.empty())
    static_cast<void>(learn_name(session, space).has_value());
  session.context().show(reply.value, [&] {
    print_warnings(reply.value);
    tell(space);
  });
  return {};
}

Result<void> join(Context& context, const JoinOptions& options) {
  TRY(const auto link, read_link(options));
  TRY(auto server, server_or_own(context, options.server.value_or(link.origin)));
  SpaceSession session(context);
  TRY(const auto stored, session.stored());
  auto known = earlier(stored, link, options);
  if (known && !known->waits()) {
    TRY(auto shown, learn_name(session, *known));
    return finish(session, *known, std::move(shown), options);
  }
  if (known && !known->participant_id.empty()) {
    TRY(auto reply, session.collect(*known));
    return finish(session, *known, std::move(reply), options);
  }
  if (!known) {
    TRY(auto name, own_name(options));
    known = new_join(link, std::move(server), std::move(name));
  }
  TRY(const auto body, body_of(context, *known, options));
  if (!body) return {};
  TRY(auto reply, ask_to_join(session, *known, *body));
  return finish(session, *known, std::move(reply), options);
}

Result<void> leave(SpaceSession& session, StoredSpace& space, const JoinOptions& options) {
  json::object body;
  put_text(body, "reason", options.reason);
  TRY(const auto reply, session.call(space, "POST", "/leave", body));
  TRY(auto stored, session.stored());
  TRY_VOID(stored.remove(space.entry));
  session.context().show(reply.value, [] { fmt::print("you have left; your key has ended\n"); });
  return {};
}

}  // namespace

void add_space_joins(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<JoinOptions>();
  auto* joined =
      noun.verb("join", "join a space with an invitation link; the link is read, never an argument",
                "kronborg space join - --name seller --wait < link.txt", [&context, options] {
                  const auto done_join = join(context, *options);
                  return done_join ? static_cast<int>(done) : context.fail(done_join.error());
                });
  joined->add_option("source", options->source, "'-': read the link from standard input");
  joined->add_option("--link-file", options->link_file, "file that holds the link");
  joined->add_option("--name", options->name, "your name in the space");
  joined->add_option("--role", options->role, "what you call yourself; it grants nothing");
  joined->add_flag("--wait", options->wait, "wait until the owner has decided");
  joined->add_option("--key-expires", options->expires, "end your key after 1h to 365d");
  joined->add_option("--server", options->server, "another address of the server of the link");
  takes_proof(joined, options->proof, false);
  takes_space(noun.verb("leave", "leave a space; your key ends",
                        "kronborg space leave 'Licence renewal' --reason done",
                        [&context, options] {
                          return in_space(context, options->choice,
                                          [&](auto& session, auto& space) {
                                            return leave(session, space, *options);
                                          });
                        }),
              options->choice)
      ->add_option("--reason", options->reason, "told to everybody in it");
}

}  // namespace kronborg::cli

#include <fmt/format.h>

#include "cli/space.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

struct LockOptions {
  SpaceChoice choice;
  std::string document;
  std::optional<std::string> lease, wait;
  std::optional<std::int64_t> token;
  bool force = false;
};

Result<void> lock(SpaceSession& session, StoredSpace& space, const LockOptions& options) {
  TRY(const auto id, session.artifact_id(space, options.document));
  json::object body;
  TRY_VOID(put_seconds(body, "leaseSeconds", options.lease, "--lease"));
  std::string path = "/artifacts/" + segment(id) + "/lock";
  if (options.token) {
    path += "/renew";
    body["fencingToken"] = *options.token;
  } else {
    TRY_VOID(put_seconds(body, "wait", options.wait, "--wait"));
  }
  TRY(const auto reply, session.call(space, "POST", path, body));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", text_of(reply.value, "fencingToken"));
    fmt::print(stderr,
               "\nRevision {} is yours to change until {} (server time). This is the token of the "
               "lock:\n  kronborg space artifact write … --token {}\n",
               number_of(reply.value, "revision"), clock_of(reply.value, "lockExpiresAt"),
               number_of(reply.value, "fencingToken"));
  });
  return {};
}

Result<void> unlock(SpaceSession& session, StoredSpace& space, const LockOptions& options) {
  if (!options.token && !options.force) {
    return Error(Code::usage, "whose lock?",
                 "give the token of your lock with --token N, or end any with --force");
  }
  TRY(const auto id, session.artifact_id(space, options.document));
  json::object body;
  if (options.token) body["fencingToken"] = *options.token;
  if (options.force) body["force"] = true;
  TRY(const auto reply, session.call(space, "POST", "/artifacts/" + segment(id) + "/unlock", body));
  session.context().show(reply.value, [&] {
    fmt::print("{}\n", flag_of(reply.value, "changed") ? "unlocked" : "it was not locked");
  });
  return {};
}

}  // namespace

void add_space_locks(const Shell& artifact) {
  auto& context = artifact.context;
  auto options = std::make_shared<LockOptions>();
  const auto work = [&context, options](auto verb) {
    return [&context, options, verb] {
      return in_space(context, options->choice,
                      [&](auto& session, auto& space) { return verb(session, space, *options); });
    };
  };
  const auto document = [options](CLI::App* verb) {
    verb->add_option("document", options->document, "its id, the start of it, or its name")
        ->required();
  };
  auto* locked = takes_space(
      artifact.verb("lock", "lock a document for a while; prints the token of the lock",
                    "kronborg space artifact lock 'Licence renewal' terms --lease 5m --wait 30s",
                    work(lock)),
      options->choice);
  document(locked);
  locked->add_option("--lease,--for", options->lease, "10s to 10m, default 60s");
  locked->add_option("--wait", options->wait, "wait up to 30s for another to give it back");
  locked->add_option("--renew", options->token, "token of the lock to extend");
  auto* unlocked =
      takes_space(artifact.verb("unlock", "give a lock back",
                                "kronborg space artifact unlock 'Licence renewal' terms --token 7",
                                work(unlock)),
                  options->choice);
  document(unlocked);
  unlocked->add_option("--token", options->token, "token of the lock");
  unlocked->add_flag("--force", options->force,
                     "without a token: your own lock, or as the owner of the space any");
}

}  // namespace kronborg::cli

#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/commands.h"
#include "cli/space_session.h"

namespace kronborg::cli {

// The verbs of `kronborg space`, each group in its own file. `noun` is the noun `space`.
void add_space_rooms(const Shell& noun);        // create, list, forget
void add_space_settings(const Shell& noun);     // show, update, close
void add_space_records(const Shell& noun);      // export, audit
void add_space_keys(const Shell& noun);         // keys, rotate, revoke-key
void add_space_invitations(const Shell& noun);  // invite, invitations, uninvite
void add_space_joins(const Shell& noun);        // join, leave
void add_space_people(const Shell& noun);       // members, approve, deny, kick, mute, unmute, …
void add_space_talk(const Shell& noun);         // send, read, redact
void add_space_watch(const Shell& noun);        // watch
void add_space_documents(const Shell& noun);    // artifact …
void add_space_locks(const Shell& artifact);    // artifact lock, unlock
void add_space_signing(const Shell& artifact);  // artifact sign
void add_space_identity(const Shell& noun);     // prove, unprove

/// The position SPACE and the option --as that every verb about one space has.
CLI::App* takes_space(CLI::App* verb, SpaceChoice& choice);

/// Opens the space and does the work; its error becomes the exit code.
template <class Work>
int in_space(Context& context, const SpaceChoice& choice, const Work& work) {
  SpaceSession session(context);
  auto space = session.open(choice);
  if (!space) return context.fail(space.error());
  const base::Result<void> done_work = work(session, *space);
  return done_work ? static_cast<int>(done) : context.fail(done_work.error());
}

/// A verb about one space, whose work is `work`; `Options` has the member `choice`.
template <class Options>
CLI::App* about_space(const Shell& noun, const std::shared_ptr<Options>& options, const char* name,
                      const char* summary, const char* example,
                      base::Result<void> (*work)(SpaceSession&, StoredSpace&, const Options&)) {
  auto& context = noun.context;
  const auto run = [&context, options, work] {
    return in_space(context, options->choice,
                    [&](auto& session, auto& space) { return work(session, space, *options); });
  };
  return takes_space(noun.verb(name, summary, example, run), options->choice);
}

}  // namespace kronborg::cli

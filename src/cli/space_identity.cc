#include <fmt/format.h>

#include "cli/space.h"
#include "cli/space_signature.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Result;

struct IdentityOptions {
  SpaceChoice choice;
  Proof proof;
};

Result<void> prove(SpaceSession& session, StoredSpace& space, const IdentityOptions& options) {
  const ProofPlace place{.server = space.server,
                         .space_id = space.space_id,
                         .purpose = "attach",
                         .subject = space.participant_id,
                         .command = "kronborg space prove " + space.space_id};
  TRY(const auto proof, proven(session.context(), options.proof, place, [&](const auto& body) {
        return session.call(space, "POST", "/identity/challenge", body);
      }));
  if (!proof) return {};
  TRY(const auto reply, session.call(space, "POST", "/identity", *proof));
  session.context().show(reply.value, [&] {
    fmt::print("{} is proven: what you write here carries it\n", text_of(reply.value, "address"));
  });
  return {};
}

Result<void> unprove(SpaceSession& session, StoredSpace& space) {
  TRY(const auto reply, session.call(space, "DELETE", "/identity"));
  session.context().show(reply.value, [] { fmt::print("your address is no longer shown here\n"); });
  return {};
}

}  // namespace

void add_space_identity(const Shell& noun) {
  auto& context = noun.context;
  auto options = std::make_shared<IdentityOptions>();
  auto* proving = takes_space(
      noun.verb("prove", "prove an address to a space; your wallet signs the text that is printed",
                "kronborg space prove renewal 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                [&context, options] {
                  return in_space(context, options->choice, [&](auto& session, auto& space) {
                    return prove(session, space, *options);
                  });
                }),
      options->choice);
  takes_proof(proving, options->proof, true);
  takes_space(
      noun.verb("unprove", "give a proven address up", "kronborg space unprove renewal",
                [&context, options] { return in_space(context, options->choice, unprove); }),
      options->choice);
}

}  // namespace kronborg::cli

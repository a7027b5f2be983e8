#include "api/space_create.h"
#include "api/space_operations.h"
#include "api/space_render.h"
#include "spaces/artifact.h"
#include "spaces/invitation.h"

// docs/protocol/discovery.md section 10.3: a space that is made with what its purpose needs.

namespace kronborg::api {
namespace {

constexpr std::int64_t least_life_s = 60;
constexpr std::int64_t most_life_s = 2'592'000;
constexpr std::size_t max_document_name = 120;

/// Both are given by a door, whole or not at all.
struct Furniture {
  spaces::NewInvitation invitation;
  spaces::NewArtifact artifact;
};

base::Result<Furniture> read_furniture(Members& members) {
  Furniture furniture;
  Members invitation = Members::of(members.object("invitation").value_or(boost::json::object()));
  invitation.set_place("/invitation");
  furniture.invitation.expires_in_s =
      invitation.integer("expiresIn", least_life_s, most_life_s, Need::required);
  furniture.invitation.max_uses =
      invitation.integer("maxUses", 1, spaces::max_invitation_uses, Need::required);
  TRY_VOID(invitation.finish());
  Members artifact = Members::of(members.object("artifact").value_or(boost::json::object()));
  artifact.set_place("/artifact");
  furniture.artifact.name =
      artifact.line("name", max_document_name, Need::required).value_or(std::string());
  furniture.artifact.content =
      artifact.content("content", spaces::max_artifact_bytes, Need::required).value_or("");
  TRY_VOID(artifact.finish());
  return furniture;
}

/// The owner of a space that the same transaction has made.
spaces::Caller owner_of(const spaces::Created& created) {
  return {.hash = created.key.hash(),
          .key_id = spaces::uuid_of(created.key_id).value_or(spaces::Uuid{}),
          .space_id = spaces::uuid_of(created.space.id).value_or(spaces::Uuid{}),
          .holder = spaces::uuid_of(created.owner_id).value_or(spaces::Uuid{}),
          .space = created.space.number,
          .created_at_ms = created.space.created_at_ms,
          .key_expires_at_ms = created.key_expires_at_ms.value_or(0),
          .address = {},
          .type = spaces::KeyType::owner};
}

}  // namespace

base::Result<SpaceEffect> create_space_for(const SpaceDesk& desk, const SpaceCall& call) {
  TRY(Members members, call.members());
  spaces::NewSpace wanted = read_new_space(members);
  TRY(Furniture furniture, read_furniture(members));
  TRY_VOID(call.finish(members));
  if (wanted.owner_key_expires_in_s) call.warn(key_expires_warning());
  return [&desk, wanted = std::move(wanted),
          furniture = std::move(furniture)](spaces::Act& act) -> base::Result<SpaceOutcome> {
    TRY(const auto created, spaces::create_space(act, wanted));
    TRY(const auto invited, spaces::invite(act, created.space, furniture.invitation));
    TRY(const auto artifact, spaces::create_artifact(act, owner_of(created), furniture.artifact));
    SpaceOutcome outcome{.body = render(created), .secrets = {"ownerPrivateKey", "invitation"}};
    outcome.body["invitation"] = spaces::render(invited, created.space, desk.parts);
    outcome.body["artifact"] = spaces::render_summary(artifact, act.now_ms);
    return outcome;
  };
}

}  // namespace kronborg::api

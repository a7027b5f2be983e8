#pragma once

#include "api/space_call.h"

namespace kronborg::api {

// One operation per route of docs/protocol/spaces.md section 3.

// space_spaces.cc
base::Result<SpaceEffect> create_space(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_spaces(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> get_space(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> update_space(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> close_space(const SpaceDesk& desk, const SpaceCall& call);

// space_keys.cc
base::Result<SpaceEffect> who_am_i(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_keys(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> rotate_key(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> revoke_key(const SpaceDesk& desk, const SpaceCall& call);

// space_invitations.cc
base::Result<SpaceEffect> create_invitation(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_invitations(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> get_invitation(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> revoke_invitation(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> rotate_invitation(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> get_card(const SpaceDesk& desk, const SpaceCall& call);

// space_joins.cc
base::Result<SpaceEffect> join_space(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> get_join_status(const SpaceDesk& desk, const SpaceCall& call);

// space_participants.cc
base::Result<SpaceEffect> list_participants(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> approve_participant(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> deny_participant(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> kick_participant(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> mute_participant(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> unmute_participant(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> reissue_participant(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> leave_space(const SpaceDesk& desk, const SpaceCall& call);

// space_messages.cc
base::Result<SpaceEffect> send_message(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_messages(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> redact_message(const SpaceDesk& desk, const SpaceCall& call);
/// Not a route: `messages`, an array of the bodies of sendMessage, in one transaction (the A2A
/// door).
base::Result<SpaceEffect> send_messages(const SpaceDesk& desk, const SpaceCall& call);

// space_artifacts.cc
base::Result<SpaceEffect> create_artifact(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_artifacts(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> get_artifact(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> write_artifact(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> delete_artifact(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_revisions(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> get_revision(const SpaceDesk& desk, const SpaceCall& call);

// space_locks.cc
base::Result<SpaceEffect> lock_artifact(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> renew_lock(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> unlock_artifact(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> sign_artifact(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_signatures(const SpaceDesk& desk, const SpaceCall& call);

// space_identity.cc
base::Result<SpaceEffect> request_challenge(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> prove_identity(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> remove_identity(const SpaceDesk& desk, const SpaceCall& call);

// space_records.cc
base::Result<SpaceEffect> export_space(const SpaceDesk& desk, const SpaceCall& call);
base::Result<SpaceEffect> list_space_audit(const SpaceDesk& desk, const SpaceCall& call);

// space_skills.cc
/// Not a route: a space with an invitation and a document, in one transaction (the A2A door).
base::Result<SpaceEffect> create_space_for(const SpaceDesk& desk, const SpaceCall& call);

}  // namespace kronborg::api

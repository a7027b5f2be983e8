#pragma once

#include <functional>

#include "authority/authority.h"
#include "pairing/attempts.h"
#include "pairing/challenges.h"
#include "pairing/code.h"
#include "pairing/host.h"
#include "pairing/invites.h"
#include "pairing/owner.h"
#include "pairing/pair_invite.h"
#include "pairing/phone.h"
#include "pairing/prompt.h"
#include "pairing/requests.h"
#include "sql/database.h"

namespace kronborg::pairing {

/// What a host has one of: the four ways to pair, and what they share. Thread-safe.
struct Endpoints {
  /// `code_changed`: as Codes has it; may be empty.
  Endpoints(Parts given, std::function<void()> code_changed);
  Endpoints(const Endpoints&) = delete;
  Endpoints& operator=(const Endpoints&) = delete;

  /// Within the transaction in which an agent's address is retired: its open invites end with it,
  /// its code and the requests that wait for it once the transaction is durable.
  base::Result<void> retired(sql::Transaction& transaction, const authority::AgentRecord& agent);

  const Parts parts;
  Attempts attempts;
  Challenges challenges;
  Requests requests;
  Codes codes;
  Prompts prompts;
  Invites invites;
  OwnerRedeems owners;
  Phones phones;
  InviteDoor invite_door;
};

}  // namespace kronborg::pairing

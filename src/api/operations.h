#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "api/desk.h"
#include "base/result.h"

namespace kronborg::api {

/// One operation of docs/protocol/management.md: reads its input, calls one function of the
/// authority, renders the answer.
using Operation = base::Result<Outcome> (*)(const Desk& desk, const OwnerCall& call);

// identity.cc
/// The object Identity; nothing before set-up.
base::Result<std::optional<boost::json::object>> current_identity(const Desk& desk);
base::Result<Outcome> get_identity(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> create_identity(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> unlock_identity(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> lock_identity(const Desk& desk, const OwnerCall& call);

// agents.cc
base::Result<Outcome> list_agents(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> create_agent(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> import_agent(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> get_agent(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> update_agent(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> rotate_agent(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> delete_agent(const Desk& desk, const OwnerCall& call);

// access_keys.cc
base::Result<Outcome> list_access_keys(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> create_access_key(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> get_access_key(const Desk& desk, const OwnerCall& call);

// revocations.cc
base::Result<Outcome> revoke_access_key(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> revoke_access_keys_before(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> forget_access_key(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> create_revocation(const Desk& desk, const OwnerCall& call);

// inspect.cc
base::Result<Outcome> inspect_access_key(const Desk& desk, const OwnerCall& call);

// whitelist.cc
base::Result<Outcome> list_whitelist(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> add_whitelist_entry(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> remove_whitelist_entry(const Desk& desk, const OwnerCall& call);

// audit.cc
base::Result<Outcome> list_audit(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> verify_audit(const Desk& desk, const OwnerCall& call);

// status.cc
base::Result<Outcome> get_status(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> run_doctor(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> get_config(const Desk& desk, const OwnerCall& call);

// store.cc
base::Result<Outcome> back_up_store(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> check_store(const Desk& desk, const OwnerCall& call);

// credentials.cc
base::Result<Outcome> list_credentials(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> create_credential(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> delete_credential(const Desk& desk, const OwnerCall& call);

}  // namespace kronborg::api

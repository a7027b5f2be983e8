#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
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

// recovery.cc
base::Result<Outcome> recover_identity(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> drill_recovery(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> new_recovery_code(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> show_recovery_words(const Desk& desk, const OwnerCall& call);
/// Of requests that hold a bundle.
inline constexpr std::size_t recovery_body_limit_bytes = std::size_t{34} << 20U;

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

// devices.cc
base::Result<Outcome> create_device_challenge(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> register_device(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> list_devices(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> get_device(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> revoke_device(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> prove_device(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> sign_request(const Desk& desk, const OwnerCall& call);

// audit.cc
base::Result<Outcome> list_audit(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> verify_audit(const Desk& desk, const OwnerCall& call);

// pairing_requests.cc
base::Result<Outcome> list_pairing_requests(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> approve_pairing_request(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> deny_pairing_request(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> list_pairing_codes(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> create_pairing_code(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> delete_pairing_code(const Desk& desk, const OwnerCall& call);

// invites.cc
base::Result<Outcome> list_invites(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> create_invite(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> revoke_invite(const Desk& desk, const OwnerCall& call);

// connector.cc
base::Result<Outcome> get_connector(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> prove_connector(const Desk& desk, const OwnerCall& call);
base::Result<Outcome> prove_owner(const Desk& desk, const OwnerCall& call);

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

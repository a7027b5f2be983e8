#include "pairing/phone.h"

#include <utility>

#include "authority/audit.h"
#include "base/encoding.h"
#include "base/json_members.h"
#include "base/text.h"
#include "identity/label.h"
#include "pairing/labels.h"
#include "pairing/paired_keys.h"
#include "pairing/seal.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

constexpr std::int64_t version = 2;
constexpr std::size_t most_id_scalars = 128;
constexpr std::size_t most_name_scalars = 256;

base::Error bad(std::string sentence) { return {Code::bad_request, std::move(sentence)}; }

/// Rows 3 and 4 of both tables.
base::Result<object> read_body(std::string_view body) {
  auto value = base::parse_json(body);
  auto* members = value ? value->if_object() : nullptr;
  std::int64_t v = 0;
  if (members == nullptr || !base::read_integer(*members, "v", v)) return Code::bad_request;
  if (v != version) return bad("Unsupported version");
  return std::move(*members);
}

bool has_white_space_at_an_end(std::string_view text) {
  std::size_t at = 0;
  if (base::is_white_space(base::next_scalar(text, at))) return true;
  char32_t last = 0;
  for (at = 0; at < text.size();) last = base::next_scalar(text, at);
  return base::is_white_space(last);
}

bool is_device_text(std::string_view text, std::size_t most) {
  return !has_white_space_at_an_end(text) && base::scalar_count(text) <= most;
}

object agent_json(const HostAgent& agent) {
  return {{"address", agent.address.lower()},
          {"id", agent.id},
          {"name", agent.name},
          {"relayURL", nullptr}};
}

}  // namespace

base::Result<NewCode> Phones::issue(const authority::Actor& actor, WantedCode wanted) {
  if (parts_.host.locked()) return Code::identity_locked;
  if (wanted.agent_id && wanted.master) {
    return base::Error(Code::invalid_member, "A code is for one agent or for the master.");
  }
  std::string label = "Six-digit code";
  if (wanted.label) {
    TRY(label, identity::normalise_label(*wanted.label));
  }
  std::optional<std::string> agent_id;
  if (wanted.agent_id) {
    TRY(const auto agent, parts_.host.agent_of_id(*wanted.agent_id));
    if (!agent) return Code::agent_not_found;
    agent_id = agent->id;
  } else if (!wanted.master) {
    TRY(const auto agents, parts_.host.agents());
    if (agents.empty()) return Code::agent_not_found;
    if (agents.size() > 1) return Code::agent_ambiguous;
    agent_id = agents.front().id;
  }
  object detail{{"scope", agent_id ? "agent" : "master"}, {"label", label}};
  if (agent_id) detail["agentId"] = *agent_id;
  NewCode made = codes_.issue(std::move(agent_id), std::move(label));
  const auto recorded =
      parts_.authority.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY_VOID(authority::record_audit(
            transaction, parts_.authority, actor,
            {.type = "pairing_code.create", .subject = made.facts.id, .detail = detail}));
        return {};
      });
  if (!recorded) {
    codes_.end(made.facts.id);
    return recorded.error();
  }
  return made;
}

base::Result<void> Phones::end(const authority::Actor& actor, std::string_view id) {
  if (!codes_.end(id)) {
    return base::Error(Code::not_found, "There is no such code.", "It may have ended already.");
  }
  return parts_.authority.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(authority::record_audit(
        transaction, parts_.authority, actor,
        {.type = "pairing_code.delete", .subject = base::lower(id), .detail = {}}));
    return {};
  });
}

base::Result<std::string> Phones::hello(const PhoneSource& source) {
  if (source.relayed || !base::is_local_address(source.address)) return Code::lan_only;
  return base::sorted_json(
      object{{"name", parts_.host_name}, {"pairing", codes_.current().has_value()}, {"v", 1}});
}

base::Result<void> Phones::admit(const PhoneSource& source) {
  TRY_VOID(attempts_.admit(source.address));
  if (source.relayed || !base::is_local_address(source.address)) return Code::lan_only;
  return {};
}

base::Error Phones::invalid_code(const PhoneSource& source) {
  attempts_.cool_down(source.address);
  return Code::invalid_code;
}

base::Result<std::string> Phones::code(const PhoneSource& source, std::string_view body) {
  TRY_VOID(admit(source));
  TRY(const auto members, read_body(body));
  std::string device_id;
  std::string device_name;
  if (!base::read_text(members, "deviceId", device_id) || device_id.empty() ||
      !base::read_text(members, "deviceName", device_name) || device_name.empty()) {
    return bad("Missing device id or name");
  }
  if (!is_device_text(device_id, most_id_scalars) ||
      !is_device_text(device_name, most_name_scalars)) {
    return Code::bad_request;
  }
  std::string text;
  const bool has_share = base::read_text(members, "share", text);
  const auto bytes = has_share ? base::base64url_strict(text) : std::nullopt;
  const auto share = bytes ? crypto::read_spake2_share(*bytes) : std::nullopt;
  if (!share) return bad("Invalid key share");
  const auto exchanged =
      codes_.exchange(source.address, {.id = device_id, .name = device_name}, *share);
  if (!exchanged) return invalid_code(source);
  return base::sorted_json(object{{"confirm", base::base64url(exchanged->confirmation)},
                                  {"exchange", exchanged->exchange},
                                  {"share", base::base64url(exchanged->share)},
                                  {"v", version}});
}

base::Result<authority::Minted> Phones::mint(const authority::Actor& actor, const Claim& claim) {
  std::optional<HostAgent> agent;
  if (claim.agent_id) {
    TRY(agent, parts_.host.agent_of_id(*claim.agent_id));
    if (!agent) return Code::mint_failed;
  }
  const auto phone = PairedWith::phone(claim.device_id);
  return mint_for(
      parts_.host, actor,
      {.label = phone_label(claim.device_name), .agent_id = claim.agent_id, .source = "phone"},
      agent,
      [&](sql::Transaction& transaction, const authority::KeyRecord& key) -> base::Result<void> {
        TRY_VOID(replace_keys(transaction, parts_.authority, actor, phone, {}, "paired again"));
        return record_paired_key(transaction, phone, key);
      },
      base::facts(Code::mint_failed).text);
}

base::Result<base::SecretText> Phones::payload(const Claim& claim,
                                               const authority::Minted& minted) {
  base::json::array agents;
  if (claim.agent_id) {
    TRY(const auto agent, parts_.host.agent_of_id(*claim.agent_id));
    if (agent) agents.push_back(agent_json(*agent));
  } else {
    TRY(const auto all, parts_.host.agents());
    for (const HostAgent& agent : all) agents.push_back(agent_json(agent));
  }
  object members{{"agents", std::move(agents)},
                 {"apiKey", minted.key.reveal()},
                 {"hostName", parts_.host_name},
                 {"keyExpiresAt", nullptr}};
  if (minted.record.expires_at) members["keyExpiresAt"] = *minted.record.expires_at;
  return base::secret_json(std::move(members));
}

base::Result<Answered200> Phones::confirm(const authority::Actor& actor, const PhoneSource& source,
                                          std::string_view body) {
  TRY_VOID(admit(source));
  TRY(const auto members, read_body(body));
  std::string exchange;
  std::string confirmation;
  if (!base::read_text(members, "exchange", exchange) ||
      !base::read_text(members, "confirm", confirmation)) {
    return Code::bad_request;
  }
  auto claim = codes_.confirm(source.address, exchange, confirmation, parts_.host.locked());
  if (!claim) {
    if (claim.error().code == Code::invalid_code) return invalid_code(source);
    return claim.error();
  }
  auto minted = mint(actor, *claim);
  if (!minted) {
    codes_.put_back(*claim);
    return minted.error();
  }
  codes_.used(*claim);
  auto plain = payload(*claim, *minted);
  if (!plain) {
    TRY_VOID(undelivered(parts_, actor, minted->record.id));
    return Code::mint_failed;
  }
  const std::string sealed =
      seal_payload(claim->session, claim->device_id, plain->reveal(), parts_.authority.random);
  return Answered200{
      .body = base::SecretText(base::sorted_json(object{{"sealed", sealed}, {"v", version}})),
      .key_id = minted->record.id};
}

base::Result<void> Phones::unpair(const authority::Actor& actor, std::string_view key_id) {
  bool is_phone = false;
  TRY_VOID(parts_.authority.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(is_phone, is_phone_key(transaction, key_id));
    return {};
  }));
  if (!is_phone) return Code::not_paired_device;
  return parts_.host.revoke(actor, key_id, "unpaired");
}

}  // namespace kronborg::pairing

#include "pairing/prompt.h"

#include <utility>

#include "authority/audit.h"
#include "base/json_members.h"
#include "identity/label.h"
#include "pairing/labels.h"
#include "pairing/paired_keys.h"
#include "pairing/proofs.h"
#include "pairing/seal.h"
#include "pairing/words.h"

namespace kronborg::pairing {
namespace {

using base::Code;
using base::json::object;

object detail_of(std::string_view request_id, const PairingAsk& ask) {
  return {{"request", request_id},
          {"agentId", ask.agent_id},
          {"encrypted", ask.encrypted},
          {"compared", ask.sas.has_value()}};
}

/// The audit row of an operation is about the connector, and says where it came from.
authority::Actor with_source(authority::Actor actor, std::string_view source) {
  actor.source_address = std::string(source);
  return actor;
}

}  // namespace

base::Result<std::string> Prompts::challenge(std::string_view source, std::string_view query) {
  TRY_VOID(attempts_.admit(source));
  TRY(const auto commitment, read_commit(query));
  object answer{{"nonce", challenges_.draw(source, commitment)}};
  if (commitment) answer["commit"] = true;
  return base::sorted_json(answer);
}

base::Result<bool> Prompts::is_known(const identity::Address& connector) {
  bool known = false;
  TRY_VOID(parts_.authority.database.read([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY(known,
        has_live_key(transaction, PairedWith::connector(connector), parts_.authority.clock.now()));
    return {};
  }));
  return known;
}

base::Result<Asked> Prompts::ask(std::string_view source, std::string_view body,
                                 Requests::Decided decided, std::string_view request_id) {
  TRY_VOID(attempts_.admit(source));
  Asked asked;
  asked.connection_request_id = std::string(request_id);
  asked.source_address = std::string(source);
  TRY(asked.pair, judge_pair(body, challenges_));
  TRY(auto agent, parts_.host.agent_of_id(asked.pair.agent_id));
  if (!agent || !agent->shared) return Code::pairing_agent_unavailable;
  asked.agent = *std::move(agent);
  if (parts_.host.locked()) return Code::identity_locked;
  if (asked.pair.committed) {
    asked.sas = short_words({.nonce = asked.pair.nonce,
                             .connector = asked.pair.connector,
                             .agent = asked.agent.address,
                             .enc_pub = asked.pair.enc_pub});
  }
  TRY(const bool known, is_known(asked.pair.connector));
  TRY(asked.request_id, requests_.open({.connector = asked.pair.connector,
                                        .fingerprint = address_words(asked.pair.connector),
                                        .sas = asked.sas,
                                        .agent_id = asked.agent.id,
                                        .agent_name = asked.agent.name,
                                        .agent = asked.agent.address,
                                        .known_connector = known,
                                        .encrypted = asked.pair.enc_key.has_value(),
                                        .source_address = asked.source_address},
                                       std::move(decided)));
  if (auto noted = note(asked, "pairing.request"); !noted) {
    requests_.withdraw(asked.request_id);
    return noted.error();
  }
  return asked;
}

base::Result<void> Prompts::note(const Asked& asked, std::string_view type) {
  const authority::Actor actor{.actor = "connector",
                               .source_address = asked.source_address,
                               .request_id = asked.connection_request_id};
  return parts_.authority.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(authority::record_audit(transaction, parts_.authority, actor,
                                     {.type = type,
                                      .subject = asked.pair.connector.text(),
                                      .detail = {{"request", asked.request_id},
                                                 {"agentId", asked.agent.id},
                                                 {"encrypted", asked.pair.enc_key.has_value()},
                                                 {"compared", asked.sas.has_value()}}}));
    return {};
  });
}

base::Result<bool> Prompts::withdraw(const Asked& asked) {
  if (!requests_.withdraw(asked.request_id)) return false;
  TRY_VOID(note(asked, "pairing.withdraw"));
  return true;
}

base::Result<authority::Minted> Prompts::mint(const Asked& asked, const Decision& decision) {
  const authority::Actor actor = with_source(decision.actor, asked.source_address);
  object detail{{"agentId", asked.agent.id},
                {"request", asked.request_id},
                {"encrypted", asked.pair.enc_key.has_value()},
                {"compared", asked.sas.has_value()},
                {"remember", decision.remember}};
  return mint_for(
      parts_.host, actor,
      {.label = decision.label.value_or(connector_label(asked.pair.connector)),
       .agent_id = asked.agent.id,
       .expiry = decision.remember ? credential::Expiry::never : credential::Expiry::days_90,
       .source = "pairing"},
      asked.agent,
      [&](sql::Transaction& transaction, const authority::KeyRecord& key) -> base::Result<void> {
        detail["keyId"] = key.id;
        TRY_VOID(authority::record_audit(
            transaction, parts_.authority, actor,
            {.type = "pairing.approve", .subject = asked.pair.connector.text(), .detail = detail}));
        return record_paired_key(transaction, PairedWith::connector(asked.pair.connector), key);
      },
      base::facts(Code::mint_failed).text);
}

base::Result<Answered200> Prompts::answer(const Asked& asked, const Decision& decision) {
  if (decision.outcome != Outcome::approved) {
    if (decision.outcome == Outcome::denied) {
      attempts_.cool_down(asked.source_address);
    } else {
      TRY_VOID(note(asked, "pairing.expire"));
    }
    return Code::pairing_denied;
  }
  const JudgedPair& pair = asked.pair;
  const auto proof = signed_by_agent(
      parts_.host, identity::Prefix::pairing_server,
      server_text(Answered::pair, asked.agent.address, pair.nonce, {}), asked.agent);
  if (!proof) {
    return proof.error().code == Code::identity_locked ? proof.error()
                                                       : base::Error(Code::mint_failed);
  }
  TRY(const auto minted, mint(asked, decision));
  object members{{"agentAddress", asked.agent.address.text()},
                 {"apiKey", ""},
                 {"isPermanent", decision.remember},
                 {"secureChannel", true},
                 {"serverSignature", *proof}};
  if (asked.sas) members["sas"] = *asked.sas;
  if (pair.enc_key) {
    const auto sealed = seal_key(minted.key.reveal(), *pair.enc_key, asked.agent.address,
                                 pair.nonce, parts_.authority.random);
    if (!sealed) {
      TRY_VOID(undelivered(parts_, decision.actor, minted.record.id));
      return Code::mint_failed;
    }
    members["sealedApiKey"] = object{{"ct", sealed->ct}, {"enc", sealed->enc}};
  } else {
    members["apiKey"] = minted.key.reveal();
  }
  return Answered200{.body = base::secret_json(std::move(members)), .key_id = minted.record.id};
}

base::Result<PairingRequest> Prompts::approve(const authority::Actor& actor, std::string_view id,
                                              bool remember,
                                              const std::optional<std::string>& label) {
  Decision decision{
      .outcome = Outcome::approved, .remember = remember, .label = {}, .actor = actor};
  if (label) {
    TRY(decision.label, identity::normalise_label(*label));
  }
  return requests_.decide(id, decision);
}

base::Result<PairingRequest> Prompts::deny(const authority::Actor& actor, std::string_view id) {
  TRY(auto request,
      requests_.decide(
          id, {.outcome = Outcome::denied, .remember = false, .label = {}, .actor = actor}));
  // The denial holds, whatever becomes of its row.
  TRY_VOID(
      parts_.authority.database.write([&](sql::Transaction& transaction) -> base::Result<void> {
        TRY_VOID(authority::record_audit(transaction, parts_.authority,
                                         with_source(actor, request.ask.source_address),
                                         {.type = "pairing.deny",
                                          .subject = request.ask.connector.text(),
                                          .detail = detail_of(request.id, request.ask)}));
        return {};
      }));
  return request;
}

}  // namespace kronborg::pairing

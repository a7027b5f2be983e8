#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/space_text.h"
#include "pairing/words.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

void show_invite(const pairing::CheckedInvite& invite) {
  const std::string_view mark = invite.verified ? "" : "  (not verified)";
  fmt::print(stderr, "invite to       {}{}\n", one_line(invite.invite.name), mark);
  if (invite.invite.desc) {
    fmt::print(stderr, "                {}{}\n", one_line(*invite.invite.desc), mark);
  }
  fmt::print(stderr, "agent           {}\n                {}\nhost            {}{}\n",
             invite.agent.text(), pairing::address_words(invite.agent), one_line(invite.invite.url),
             mark);
}

Error needs_consent() {
  return {Code::usage,
          "this invite does not cover its host: somebody between could read the key unnoticed",
          "ask for an invite of a newer host, or go on all the same with --accept-unsigned"};
}

void warn_unsigned() {
  fmt::print(stderr,
             "warning: this host may not sign which key it seals to. Somebody between could read "
             "the key unnoticed.\n");
}

StoredHost kept(const HostAddress& host, const identity::Address& agent, std::string_view answer,
                pairing::ReceivedKey received) {
  if (!received.proven) {
    fmt::print(stderr, "warning: the host did not sign which key it sealed to\n");
  }
  const auto value = base::parse_json(answer);
  const json::value nothing;
  return {.host = host.name(),
          .url = host.url,
          .agent = agent,
          .agent_id = {},
          .agent_name = std::string(raw_of(value ? *value : nothing, "agentName")),
          .key = std::move(received.key),
          .expires_at = received.expires_at,
          .channel = value && flag_of(*value, "secureChannel")};
}

}  // namespace

Result<std::vector<StoredHost>> connect_by_invite(Connecting& connecting, const std::string& link) {
  TRY(const auto invite, pairing::check_invite(link, connecting.clock.now()));
  show_invite(invite);
  const auto said = connecting.options.unsigned_answer;
  if (pairing::needs_consent(invite) && said != pairing::Unsigned::accepted) {
    return needs_consent();
  }
  if (pairing::needs_consent(invite)) warn_unsigned();
  TRY(const auto host, read_host_address(invite.invite.url));
  const auto attempt = pairing::Attempt::draw(connecting.random);
  TRY(const auto answer, ask_host(host, {.method = "POST",
                                         .path = "/pair-invite",
                                         .body = pairing::redeem_body(invite, attempt.enc_pub)}));
  TRY(auto received,
      pairing::read_key_answer(answer,
                               {.answered = pairing::Answered::invite,
                                .agent = invite.agent,
                                .nonce = invite.invite.nonce,
                                .enc_pub = attempt.enc_pub,
                                .unsigned_answer = pairing::unsigned_answers(invite, said)},
                               attempt.key));
  std::vector<StoredHost> keys;
  keys.push_back(kept(host, invite.agent, answer, std::move(received)));
  return keys;
}

Result<std::vector<StoredHost>> connect_as_owner(Connecting& connecting) {
  const auto& options = connecting.options;
  std::optional<HostAddress> host;
  identity::Address agent;
  if (options.target.empty()) {
    TRY(auto found, find_agent(connecting));
    host = std::move(found.host);
    agent = found.address;
  } else {
    TRY(host, read_host_address(options.target));
    TRY(agent, agent_address(options));
  }
  TRY(const auto own, own_identity(connecting));
  if (options.unsigned_answer == pairing::Unsigned::accepted) warn_unsigned();
  const pairing::OwnerDevice device{.id = own.device_id, .name = own.machine.substr(0, 64)};
  TRY(const auto drawn, ask_host(*host, {.method = "POST",
                                         .path = "/pair-invite",
                                         .body = pairing::owner_challenge_body(agent, device)}));
  TRY(const auto nonce, pairing::read_owner_challenge(drawn));
  TRY(const auto proof,
      connecting.context.call("POST", "/api/v1/connector/owner-proof",
                              json::object{{"agentAddress", agent.text()}, {"nonce", nonce}}));
  const auto attempt = pairing::Attempt::draw(connecting.random);
  TRY(const auto answer,
      ask_host(*host, {.method = "POST",
                       .path = "/pair-invite",
                       .body = pairing::owner_redeem_body(agent, device, nonce, attempt.enc_pub,
                                                          text_of(proof.value, "signature"))}));
  TRY(auto received, pairing::read_key_answer(answer,
                                              {.answered = pairing::Answered::redeem,
                                               .agent = agent,
                                               .nonce = nonce,
                                               .enc_pub = attempt.enc_pub,
                                               .unsigned_answer = options.unsigned_answer},
                                              attempt.key));
  std::vector<StoredHost> keys;
  keys.push_back(kept(*host, agent, answer, std::move(received)));
  return keys;
}

}  // namespace kronborg::cli

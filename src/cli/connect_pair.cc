#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/space_text.h"
#include "pairing/connector_phone.h"
#include "pairing/words.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::chrono::seconds challenge_wait{pairing::challenge_wait_s};
constexpr std::chrono::seconds pair_wait{pairing::pair_wait_s};
constexpr std::size_t code_digits = 6;

void introduce(const RemoteAgent& agent, const OwnIdentity& own) {
  fmt::print(stderr, "host            {}\nagent           {}{}\n                {}\n",
             agent.host.url, agent.name.empty() ? "" : one_line(agent.name) + "  ",
             agent.address.text(), pairing::address_words(agent.address));
  fmt::print(stderr, "this machine    {}\n                {}\n", own.connector.text(),
             own.fingerprint);
}

Result<std::string> pair_proof(Context& context, const pairing::HostChallenge& challenge,
                               const pairing::Attempt& attempt) {
  TRY(const auto proof,
      context.call("POST", "/api/v1/connector/pair-proof",
                   json::object{{"nonce", challenge.nonce}, {"encPub", attempt.enc_pub}}));
  return text_of(proof.value, "signature");
}

/// The words that both screens show; nothing when the host did not commit to a comparison.
std::optional<std::string> words_of(const pairing::HostChallenge& challenge,
                                    const RemoteAgent& agent, const OwnIdentity& own,
                                    const pairing::Attempt& attempt) {
  if (!challenge.committed) return std::nullopt;
  return pairing::short_words({.nonce = challenge.nonce,
                               .connector = own.connector,
                               .agent = agent.address,
                               .enc_pub = attempt.enc_pub});
}

void tell_what_to_compare(const std::optional<std::string>& words) {
  if (words) {
    fmt::print(stderr,
               "\ncompare these words with those that the host shows:\n\n    {}\n\nwaiting for its "
               "owner to decide …\n",
               bold(*words));
  } else {
    fmt::print(stderr,
               "\nWords cannot be compared with this host. Compare the address of this machine.\n"
               "waiting for its owner to decide …\n");
  }
}

Result<base::SecretText> read_code(const std::string& file) {
  TRY(auto code, read_secret(std::filesystem::path(file), "six-digit code", "--code-file F"));
  const auto text = code.reveal();
  if (text.size() != code_digits ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return Error(Code::usage, "a code is six digits", "copy it from the host");
  }
  return code;
}

Result<std::string> post(const HostAddress& host, std::string_view path, std::string body) {
  return ask_host(host, {.method = "POST", .path = std::string(path), .body = std::move(body)});
}

}  // namespace

Result<std::vector<StoredHost>> connect_by_prompt(Connecting& connecting) {
  TRY(const auto agent, find_agent(connecting));
  TRY(const auto own, own_identity(connecting));
  introduce(agent, own);
  const auto attempt = pairing::Attempt::draw(connecting.random);
  TRY(const auto drawn,
      ask_host(agent.host, {.path = "/pair/challenge?commit=" + attempt.commit(own.connector),
                            .wait = challenge_wait}));
  TRY(const auto challenge, pairing::read_challenge_answer(drawn, connecting.options.compare));
  TRY(const auto signature, pair_proof(connecting.context, challenge, attempt));
  const auto words = words_of(challenge, agent, own, attempt);
  tell_what_to_compare(words);
  TRY(const auto answer,
      ask_host(agent.host,
               {.method = "POST",
                .path = "/pair",
                .body = pairing::pair_body(own.connector, agent.id, challenge, attempt, signature),
                .wait = pair_wait}));
  TRY(auto received, pairing::read_key_answer(answer,
                                              {.answered = pairing::Answered::pair,
                                               .agent = agent.address,
                                               .nonce = challenge.nonce,
                                               .enc_pub = attempt.enc_pub,
                                               .sas = words},
                                              attempt.key));
  std::vector<StoredHost> keys;
  keys.push_back({.host = agent.host.name(),
                  .url = agent.host.url,
                  .agent = agent.address,
                  .agent_id = agent.id,
                  .agent_name = agent.name,
                  .key = std::move(received.key),
                  .expires_at = received.expires_at,
                  .channel = agent.channel});
  return keys;
}

Result<std::vector<StoredHost>> connect_by_code(Connecting& connecting) {
  const auto& options = connecting.options;
  std::optional<HostAddress> host;
  if (options.target.empty()) {
    TRY(auto found, find_agent(connecting));
    host = std::move(found.host);
  } else {
    TRY(host, read_host_address(options.target));
  }
  TRY(const auto code, read_code(*options.code_file));
  TRY(const auto own, own_identity(connecting));
  // The same for the same machine: pairing again ends its earlier key.
  pairing::PhoneExchange exchange(code.reveal(), own.connector.lower() + "." + own.device_id,
                                  own.machine, connecting.random);
  TRY(const auto begun, post(*host, "/pair/code", exchange.code_body()));
  TRY(auto confirm, exchange.confirm_body(begun));
  TRY(const auto sealed, post(*host, "/pair/confirm", std::move(confirm)));
  TRY(auto payload, exchange.payload(sealed));
  std::vector<StoredHost> keys;
  for (const auto& agent : payload.agents) {
    keys.push_back({.host = host->name(),
                    .url = host->url,
                    .agent = agent.address,
                    .agent_id = agent.id,
                    .agent_name = agent.name,
                    .key = payload.received.key.duplicate(),
                    .expires_at = payload.received.expires_at,
                    .channel = true});
  }
  if (keys.empty()) return Code::host_key_refused;
  return keys;
}

}  // namespace kronborg::cli

#include "credential/request_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "authority/store_test.h"
#include "authority/token_verifier.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "sql/open.h"
#include "support/temporary_folder.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

using identity::Address;
using identity::DeviceId;

class SetClock final : public base::Clock {
 public:
  void set(std::int64_t now) { now_ = now; }
  [[nodiscard]] std::int64_t now_ms() const override { return now_ * 1000; }

 private:
  std::int64_t now_ = 0;
};

std::uint64_t u64_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  EXPECT_TRUE(read.ec == std::errc{} && read.ptr == text.data() + text.size()) << text;
  return number;
}

Address address_of(std::string_view text) {
  const auto address = Address::parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(Address());
}

authority::DeviceFacts device_of(const json::object& row) {
  authority::DeviceFacts device{.id = DeviceId::parse(text_of(row, "dev")).value(),
                                .kind = identity::device_kind_named(text_of(row, "kind")).value(),
                                .issuer = address_of(text_of(row, "issuer")),
                                .key = {},
                                .app_id_hash = {},
                                .name = {},
                                .revoked = row.at("revoked").as_bool()};
  if (!row.at("public_key_hex").is_null()) {
    device.key = crypto::P256Verifier::of(bytes_of(row, "public_key_hex"));
    EXPECT_TRUE(device.key);
  }
  if (!row.at("app_id").is_null()) {
    device.app_id_hash = crypto::sha256(base::bytes_of(text_of(row, "app_id")));
  }
  return device;
}

void describe(const json::object& host, authority::Policy& policy) {
  policy.master = address_of(text_of(host, "master"));
  for (const auto& agent : host.at("agents").as_array()) {
    const Address address = address_of(agent.at("address").as_string());
    policy.agents[address] = std::make_shared<const authority::AgentFacts>(
        authority::AgentFacts{.id = "",
                              .name = "",
                              .address = address,
                              .upstream = {},
                              .index = agent.at("index").to_number<std::uint32_t>()});
  }
  const json::object& whitelist = host.at("whitelist").as_object();
  for (const auto& entry : whitelist.at("master").as_array()) {
    policy.master_whitelist.insert(address_of(entry.as_string()));
  }
  for (const auto& [agent, entries] : whitelist.at("agents").as_object()) {
    auto& list = policy.agent_whitelists[address_of(agent)];
    for (const auto& entry : entries.as_array()) list.insert(address_of(entry.as_string()));
  }
  for (const auto& row : host.at("devices").as_array()) {
    auto device = device_of(row.as_object());
    const DeviceId id = device.id;
    policy.devices[id] = std::make_shared<const authority::DeviceFacts>(std::move(device));
  }
}

/// The counters of the host, as if tokens that carried them had been accepted.
void raise(const json::object& host, authority::Replay& replay) {
  authority::TokenClaim claim;
  for (const auto& [name, counter] : host.at("last_cnt").as_object()) {
    const std::string_view key = name;
    const std::size_t bar = key.find('|');
    claim.issuer = address_of(key.substr(0, bar));
    claim.device = DeviceId::parse(key.substr(bar + 1)).value();
    claim.counter = u64_of(counter.as_string());
    EXPECT_FALSE(replay.accept(claim));
  }
  claim = {};
  for (const auto& row : host.at("devices").as_array()) {
    if (row.at("sign_count").is_null()) continue;
    claim.device = DeviceId::parse(row.at("dev").as_string()).value();
    claim.assertion_count = row.at("sign_count").to_number<std::uint32_t>();
    EXPECT_FALSE(replay.accept(claim));
  }
}

using Outcome = std::variant<authority::Caller, authority::Denied>;
Outcome ask(authority::TokenVerifier& verifier, authority::Replay& replay,
            const authority::TokenRequest& request) {
  auto decision = verifier.verify(request);
  if (auto* pending = std::get_if<authority::PendingCaller>(&decision)) {
    return std::move(*pending).decide(replay).value();
  }
  if (auto* denied = std::get_if<authority::Denied>(&decision)) return *denied;
  return std::get<authority::Caller>(std::move(decision));
}

void check_scope(const authority::Caller& caller, const json::object& scope) {
  const bool master = text_of(scope, "kind") == "master";
  EXPECT_EQ(caller.scope() == authority::Scope::master, master);
  std::set<std::string> agents;
  for (const auto& agent : caller.agents()) agents.insert(agent->address.text());
  std::set<std::string> wanted;
  if (!master) {
    for (const auto& agent : scope.at("agents").as_array()) wanted.emplace(agent.as_string());
  }
  EXPECT_EQ(agents, wanted);
}

void check_accepted(const Outcome& outcome, const json::object& expect) {
  const auto* caller = std::get_if<authority::Caller>(&outcome);
  ASSERT_NE(caller, nullptr) << base::facts(std::get<authority::Denied>(outcome).code).name;
  EXPECT_EQ(caller->issuer().text(), text_of(expect, "issuer"));
  ASSERT_TRUE(caller->device());
  EXPECT_EQ(caller->device()->text(), text_of(expect, "dev"));
  EXPECT_EQ(caller->counter(), u64_of(text_of(expect, "cnt")));
  check_scope(*caller, expect.at("scope").as_object());
}

void check_refused(const Outcome& outcome, const json::object& expect) {
  const auto* denied = std::get_if<authority::Denied>(&outcome);
  ASSERT_NE(denied, nullptr) << "accepted";
  EXPECT_EQ(base::facts(denied->code).name, text_of(expect, "code"));
  EXPECT_EQ(base::facts(denied->code).http_status, 401);
  EXPECT_EQ(denied->error().text(), text_of(expect, "message"));
  EXPECT_FALSE(denied->error().next_step().empty());
}

/// What an accepted token has raised: nothing up to it is accepted any more, what is above it is.
void check_raised(authority::Replay& replay, const authority::Caller& caller,
                  const json::object& expect) {
  authority::TokenClaim claim{.issuer = caller.issuer(),
                              .device = *caller.device(),
                              .counter = caller.counter(),
                              .assertion_count = {},
                              .now_ms = 0,
                              .ahead = false};
  EXPECT_EQ(replay.accept(claim), base::Code::request_token_replayed);
  if (expect.at("sign_count").is_null()) return;
  claim.issuer = Address(std::array<std::uint8_t, 20>{1});
  claim.assertion_count = expect.at("sign_count").to_number<std::uint32_t>();
  EXPECT_EQ(replay.accept(claim), base::Code::device_assertion_invalid);
  ++*claim.assertion_count;
  EXPECT_EQ(replay.accept(claim), std::nullopt);
}

void check_cases(const json::object& file) {
  const support::TemporaryFolder folder;
  const auto database = sql::open({.sqlite_file = folder.path() / "store.db"}).value();
  ASSERT_TRUE(sql::migrate(*database, authority::gapless_migrations()));
  for_each_row(file, "cases", [&](const json::object& row) {
    SCOPED_TRACE(text_of(row, "id") + " " + text_of(row, "note"));
    const json::object& host = file.at("hosts").at(text_of(row, "host")).as_object();
    SetClock clock;
    clock.set(host.at("process_start").to_number<std::int64_t>());
    authority::Replay replay(*database, clock);
    raise(host, replay);
    clock.set(host.at("now").to_number<std::int64_t>());
    authority::PolicyBoard board;
    board.publish([&](authority::Policy& policy) { describe(host, policy); });
    authority::TokenRules rules{.hosts = {},
                                .allow_unattested = host.at("allow_unattested").as_bool()};
    for (const auto& name : host.at("host_names").as_array()) {
      rules.hosts.emplace_back(name.as_string());
    }
    authority::HotDevices hot(board);
    authority::TokenVerifier verifier(board, clock, rules, replay, hot);
    const std::string token = text_of(row, "token");
    const std::string method = text_of(row, "method");
    const std::string path = text_of(row, "path");
    const auto outcome = ask(verifier, replay, {.bearer = token, .method = method, .path = path});
    const json::object& expect = row.at("expect").as_object();
    if (text_of(expect, "outcome") == "accepted") {
      check_accepted(outcome, expect);
      if (testing::Test::HasFailure()) return;
      EXPECT_TRUE(credential::is_request_token(token));
      check_raised(replay, std::get<authority::Caller>(outcome), expect);
    } else {
      check_refused(outcome, expect);
    }
  });
}

/// The claims of a payload that the writer wrote.
credential::NewRequestToken token_of(const json::object& row) {
  const json::object claims = base::parse_json(text_of(row, "payload_text"))->as_object();
  const json::object header = base::parse_json(text_of(row, "header_text"))->as_object();
  const std::string action = text_of(claims, "act");
  const std::size_t space = action.find(' ');
  credential::NewRequestToken token;
  for (const auto kind : {identity::DeviceKind::apple_attest, identity::DeviceKind::tpm2,
                          identity::DeviceKind::software}) {
    if (credential::request_token_algorithm(kind) == text_of(header, "alg")) token.kind = kind;
  }
  token.issuer = address_of(text_of(claims, "iss"));
  token.device = DeviceId::parse(text_of(claims, "dev")).value();
  token.counter = claims.at("cnt").to_number<std::uint64_t>();
  token.issued_at = claims.at("iat").to_number<std::int64_t>();
  token.audience = text_of(claims, "aud");
  token.method = action.substr(0, space);
  token.path = action.substr(space + 1);
  if (claims.contains("par")) {
    token.parent = {.master = address_of(text_of(claims, "par")),
                    .index = claims.at("idx").to_number<std::uint32_t>()};
  }
  return token;
}

void check_emit(const json::object& file) {
  for_each_row(file, "emit", [](const json::object& row) {
    const auto token = token_of(row);
    EXPECT_EQ(credential::request_token_header(token.kind), text_of(row, "header_text"));
    EXPECT_EQ(credential::request_token_payload(token), text_of(row, "payload_text"));
    const auto key = key_of(row, "private_key_hex");
    const auto text = credential::write_request_token(
        token,
        [&](base::BytesView payload) -> base::Result<crypto::Signature> {
          const auto signature = identity::sign(key, identity::Prefix::message, payload);
          EXPECT_EQ(base::hex(signature), text_of(row, "signature_hex"));
          return signature;
        },
        [&](std::span<const std::uint8_t, 32> hash) -> base::Result<base::Bytes> {
          EXPECT_EQ(base::hex(hash), text_of(row, "client_data_hash_hex"));
          return base::base64url_strict(text_of(row, "assertion_b64u")).value();
        });
    ASSERT_TRUE(text);
    EXPECT_EQ(text->reveal(), text_of(row, "token"));
  });
}

}  // namespace

void check_request_token(const json::object& file) {
  check_cases(file);
  check_emit(file);
}

}  // namespace kronborg::vectors

#include "authority/access_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>

#include "authority/denial.h"
#include "authority/policy.h"
#include "authority/verify.h"
#include "base/encoding.h"
#include "base/text.h"
#include "credential/access_key.h"
#include "identity/address.h"
#include "identity/label.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

using identity::Address;

class FixedClock final : public base::Clock {
 public:
  explicit FixedClock(std::int64_t now) : now_(now) {}
  [[nodiscard]] std::int64_t now_ms() const override { return now_ * 1000; }

 private:
  std::int64_t now_;
};

std::uint64_t u64_of(const json::value& value) {
  const std::string_view text = value.as_string();
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  EXPECT_TRUE(read.ec == std::errc{} && read.ptr == text.data() + text.size()) << text;
  return number;
}

std::optional<std::uint64_t> maybe_u64(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  return u64_of(value);
}

std::optional<std::int64_t> maybe_time(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  return value.to_number<std::int64_t>();
}

Address address_of(std::string_view text) {
  const auto address = Address::parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(Address());
}

/// One of `authorities`: its committed state and its time.
void describe(const json::object& authority, authority::Policy& policy) {
  policy.master = address_of(authority.at("master").as_string());
  policy.any_key_record = true;
  for (const auto& agent : authority.at("agents").as_array()) {
    const Address address = address_of(agent.as_string());
    policy.agents[address] = std::make_shared<const authority::AgentFacts>(authority::AgentFacts{
        .id = "", .name = std::string(agent.as_string()), .address = address, .upstream = {}});
  }
  const json::object& whitelist = authority.at("whitelist").as_object();
  for (const auto& entry : whitelist.at("master").as_array()) {
    policy.master_whitelist.insert(address_of(entry.as_string()));
  }
  for (const auto& [agent, entries] : whitelist.at("agents").as_object()) {
    auto& list = policy.agent_whitelists[address_of(agent)];
    for (const auto& entry : entries.as_array()) list.insert(address_of(entry.as_string()));
  }
  std::vector<authority::RevocationSet::Entry> revoked;
  for (const auto& entry : authority.at("revoked").as_array()) {
    revoked.push_back(policy.revocations.entry(address_of(entry.at("iss").as_string()),
                                               entry.at("nonce").as_string()));
  }
  policy.revocations.add(revoked);
  for (const auto& [issuer, value] : authority.at("thresholds").as_object()) {
    policy.thresholds[address_of(issuer)] = u64_of(value);
  }
}

void check_valid(const authority::Decision& decision, const json::object& expect) {
  const auto* const* caller = std::get_if<const authority::Caller*>(&decision);
  ASSERT_NE(caller, nullptr) << base::facts(std::get<authority::Denied>(decision).code).name;
  EXPECT_EQ((*caller)->issuer().text(), text_of(expect, "issuer"));
  EXPECT_EQ((*caller)->audience().text(), text_of(expect, "audience"));
  EXPECT_EQ((*caller)->scope() == authority::Scope::master ? "master" : "agent",
            text_of(expect, "scope"));
  EXPECT_EQ((*caller)->nonce(), text_of(expect, "nonce"));
  EXPECT_EQ((*caller)->counter(), u64_of(expect.at("cnt")));
  EXPECT_EQ((*caller)->expires_at(), maybe_time(expect.at("exp")));
  EXPECT_EQ((*caller)->label(), text_of(expect, "label"));
}

void check_denied(const authority::Decision& decision, const json::object& expect) {
  const auto* denied = std::get_if<authority::Denied>(&decision);
  ASSERT_NE(denied, nullptr);
  const auto& facts = base::facts(denied->code);
  EXPECT_EQ(facts.name, text_of(expect, "code"));
  EXPECT_EQ(facts.http_status, 401);
  const std::string outcome = text_of(expect, "outcome");
  EXPECT_EQ(outcome == "revoked", denied->code == base::Code::key_revoked);
  EXPECT_EQ(outcome == "expired", denied->code == base::Code::key_expired);
  if (expect.contains("reason")) {
    EXPECT_EQ(facts.text, "Invalid access key: " + text_of(expect, "reason"));
  }
}

void check_cases(const json::object& file) {
  for_each_row(file, "cases", [&](const json::object& row) {
    const json::object& place = file.at("authorities").at(text_of(row, "authority")).as_object();
    const FixedClock clock(place.at("now").to_number<std::int64_t>());
    authority::PolicyBoard board;
    board.publish([&](authority::Policy& policy) { describe(place, policy); });
    authority::Verifier verifier(board, clock);
    const std::string token = text_of(row, "token");
    const json::object& expect = row.at("expect").as_object();
    const bool valid = text_of(expect, "outcome") == "valid";
    // The second time the key comes from the cache, if it may be there at all.
    for (int round = 0; round < 2; ++round) {
      const auto decision = verifier.verify(token, "127.0.0.1");
      if (valid) {
        check_valid(decision, expect);
      } else {
        check_denied(decision, expect);
      }
    }
    const auto inspected = authority::inspect(*board.current(), token, clock.now());
    EXPECT_EQ(!inspected.denied, valid);
    if (inspected.denied) {
      EXPECT_EQ(base::facts(*inspected.denied).name, text_of(expect, "code"));
    }
  });
}

void check_emit(const json::object& file) {
  for_each_row(file, "emit", [](const json::object& row) {
    const json::object& fields = row.at("fields").as_object();
    const crypto::PrivateKey key = key_of(row, "private_key_hex");
    credential::NewAccessKey made{.issuer = address_of(text_of(fields, "iss")),
                                  .audience = address_of(text_of(fields, "aud")),
                                  .label = fields.contains("lbl") ? text_of(fields, "lbl") : "",
                                  .nonce = text_of(fields, "nonce"),
                                  .counter = u64_of(fields.at("cnt")),
                                  .issued_at = fields.at("iat").to_number<std::int64_t>(),
                                  .expires_at = {}};
    if (fields.contains("exp")) made.expires_at = maybe_time(fields.at("exp"));
    const std::string payload = credential::access_key_payload(made);
    EXPECT_EQ(payload, text_of(row, "payload_text"));
    EXPECT_EQ(
        base::hex(identity::envelope_digest(identity::Prefix::access, base::bytes_of(payload))),
        text_of(row, "digest_hex"));
    const auto signature = identity::sign(key, identity::Prefix::access, base::bytes_of(payload));
    const auto text = credential::access_key_text(payload, signature);
    EXPECT_EQ(text.reveal(), text_of(row, "token"));
  });
}

void check_minting_rules(const json::object& file) {
  for_each_row(file, "labels", [](const json::object& row) {
    const auto label = identity::normalise_label(text_of(row, "input"));
    ASSERT_EQ(label.has_value(), !row.at("output").is_null());
    if (label) {
      EXPECT_EQ(*label, text_of(row, "output"));
    }
  });
  for_each_row(file, "counters", [](const json::object& row) {
    const auto counter =
        credential::next_counter(maybe_u64(row.at("last")), maybe_u64(row.at("threshold")),
                                 static_cast<std::int64_t>(u64_of(row.at("now_ms"))));
    ASSERT_TRUE(counter);
    EXPECT_EQ(*counter, u64_of(row.at("cnt")));
  });
  for_each_row(file, "expirations", [](const json::object& row) {
    const auto choice = credential::expiry_named(text_of(row, "choice"));
    ASSERT_TRUE(choice);
    EXPECT_EQ(credential::expires_at(*choice, row.at("iat").to_number<std::int64_t>()),
              maybe_time(row.at("exp")));
  });
}

void check_records(const json::object& file) {
  for_each_row(file, "bulk_revocation", [](const json::object& row) {
    const Address issuer;
    authority::Policy policy;
    if (const auto before = maybe_u64(row.at("threshold_before"))) {
      policy.thresholds[issuer] = *before;
    }
    if (const auto threshold = authority::threshold_before(u64_of(row.at("key_cnt")),
                                                           row.at("include_key").as_bool())) {
      authority::Denial{.keys = {}, .thresholds = {{issuer, *threshold}}}.apply(policy);
    }
    const auto after = policy.thresholds.find(issuer);
    EXPECT_EQ(after == policy.thresholds.end() ? std::nullopt : std::optional(after->second),
              maybe_u64(row.at("threshold_after")));
  });
  for_each_row(file, "legacy", [](const json::object& row) {
    const Address audience = address_of(text_of(row, "audience"));
    const bool is_agent = std::ranges::any_of(
        row.at("agents").as_array(),
        [&](const json::value& agent) { return address_of(agent.as_string()) == audience; });
    std::optional<std::string> source;
    if (!row.at("source").is_null()) source = text_of(row, "source");
    EXPECT_EQ(authority::is_legacy(row.at("revoked").as_bool(), !row.at("expires_at").is_null(),
                                   is_agent, source),
              row.at("legacy").as_bool());
  });
}

}  // namespace

void check_access_keys(const json::object& file) {
  check_cases(file);
  check_emit(file);
  check_minting_rules(file);
  check_records(file);
}

}  // namespace kronborg::vectors

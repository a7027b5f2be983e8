#include "pairing/phone.h"

#include "pairing/connector_phone.h"
#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

class PhonesTest : public PairingTest {
 protected:
  std::string issue(bool master = false) {
    const auto made = phones_.issue(authority::owner(), {.master = master});
    EXPECT_EQ(told(made), "ok");
    return std::string(made->code.reveal());
  }
  PhoneExchange phone(std::string_view code, std::string id = "device-1",
                      std::string name = "Sørens telefon 📱") {
    return {code, std::move(id), std::move(name), random()};
  }
  /// All the way, as a phone does it.
  base::Result<PhonePayload> pair(PhoneExchange phone) {
    TRY(const auto code_answer, phones_.code(source_, phone.code_body()));
    TRY(const auto confirm, phone.confirm_body(code_answer));
    TRY(const auto answer, phones_.confirm(authority::owner(), source_, confirm));
    last_key_ = answer.key_id.value();
    clock_.step(60'000);
    return phone.payload(answer.body.reveal());
  }
  std::string code(const object& body) {
    const auto answer = phones_.code(source_, base::to_text(body));
    clock_.step(60'000);
    return told(answer);
  }
  std::string confirm(const object& body) {
    const auto answer = phones_.confirm(authority::owner(), source_, base::to_text(body));
    clock_.step(60'000);
    return told(answer);
  }

  PhoneSource source_{.address = "192.168.1.7", .relayed = false};
  std::string last_key_;
  Attempts attempts_{clock_};
  Codes codes_{clock_, random(), {}};
  Phones phones_{*parts_, attempts_, codes_};
};

TEST_F(PhonesTest, FromCodeToKey) {
  const auto payload = pair(phone(issue()));
  ASSERT_EQ(told(payload), "ok");
  EXPECT_EQ(payload->host_name, "kronborg");
  ASSERT_EQ(payload->agents.size(), 1U);
  EXPECT_EQ(payload->agents[0].id, agent_id);
  EXPECT_EQ(payload->agents[0].address, address(agent_address));
  EXPECT_EQ(payload->received.audience, address(agent_address));
  EXPECT_EQ(payload->received.expires_at, clock_.now() - 60 + 90 * 86'400);
  EXPECT_EQ(live_keys("phone"), 1);
  EXPECT_EQ(stored("SELECT label FROM access_keys"), "Sørens telefon 📱");
  EXPECT_FALSE(codes_.current());
  EXPECT_EQ(audit_rows("pairing_code.create"), 1);
}

TEST_F(PhonesTest, ACodeForTheMasterGivesAllAgents) {
  host_->add("Second", connector_key_hex);
  EXPECT_EQ(code_of(phones_.issue(authority::owner(), {})), "agent_ambiguous");
  const auto payload = pair(phone(issue(true)));
  ASSERT_EQ(told(payload), "ok");
  EXPECT_EQ(payload->agents.size(), 2U);
  EXPECT_EQ(payload->received.audience, host_->master());
}

TEST_F(PhonesTest, WhatCannotBeIssued) {
  EXPECT_EQ(code_of(phones_.issue(authority::owner(), {.agent_id = "x", .master = true})),
            "invalid_member");
  EXPECT_EQ(code_of(phones_.issue(authority::owner(), {.agent_id = "x"})), "agent_not_found");
  EXPECT_EQ(code_of(phones_.issue(authority::owner(), {.label = "\n"})), "label_invalid");
  host_->is_locked = true;
  EXPECT_EQ(code_of(phones_.issue(authority::owner(), {})), "identity_locked");
  EXPECT_FALSE(codes_.current());
  EXPECT_EQ(audit_rows("pairing_code"), 0);
}

TEST_F(PhonesTest, AnEndedCodeIsOver) {
  const auto made = phones_.issue(authority::owner(), {}).value();
  EXPECT_EQ(told(phones_.end(authority::owner(), made.facts.id)), "ok");
  EXPECT_EQ(code_of(phones_.end(authority::owner(), made.facts.id)), "not_found");
  EXPECT_EQ(code_of(pair(phone(made.code.reveal()))), "invalid_code");
}

TEST_F(PhonesTest, PairingAgainReplacesTheKeysOfThatPhoneAlone) {
  ASSERT_EQ(told(pair(phone(issue()))), "ok");
  const std::string first = last_key_;
  ASSERT_EQ(told(pair(phone(issue(), "device-2"))), "ok");
  ASSERT_EQ(told(pair(phone(issue(true)))), "ok");
  EXPECT_EQ(live_keys("phone"), 2);
  EXPECT_EQ(authority::AccessKeys(authority_parts()).get(first)->revoked_reason, "paired again");
  EXPECT_EQ(stored("SELECT subject FROM audit WHERE type = 'key.revoke'"), first);
  // Refused at once, not only in the store.
  const auto record = authority::AccessKeys(authority_parts()).get(first).value();
  EXPECT_TRUE(place_->board().current()->revocations.contains(record.issuer, record.nonce));
}

TEST_F(PhonesTest, APhoneThatDoesNotTrustTheHostSaysNothing) {
  issue();
  auto other = phone("000000");
  const auto answer = phones_.code(source_, other.code_body());
  ASSERT_EQ(told(answer), "ok");
  EXPECT_EQ(code_of(other.confirm_body(*answer)), "host_not_proven");
  for (const char* const body : {"", "{}", R"({"v":2})"}) {
    EXPECT_EQ(code_of(other.confirm_body(body)), "host_answer_malformed") << body;
  }
}

TEST_F(PhonesTest, HelloSaysWhetherACodeIsLive) {
  EXPECT_EQ(phones_.hello(source_).value(), R"({"name":"kronborg","pairing":false,"v":1})");
  issue();
  EXPECT_EQ(phones_.hello(source_).value(), R"({"name":"kronborg","pairing":true,"v":1})");
}

TEST_F(PhonesTest, OnlyOnTheLocalNetwork) {
  for (const PhoneSource& source : {PhoneSource{.address = "8.8.8.8", .relayed = false},
                                    PhoneSource{.address = "192.168.1.7", .relayed = true},
                                    PhoneSource{.address = "", .relayed = false}}) {
    EXPECT_EQ(code_of(phones_.hello(source)), "lan_only");
    EXPECT_EQ(code_of(phones_.code(source, "not JSON")), "lan_only");
    EXPECT_EQ(code_of(phones_.confirm(authority::owner(), source, "not JSON")), "lan_only");
  }
  EXPECT_EQ(code_of(phones_.hello({.address = "fe80::1%eth0", .relayed = false})), "ok");
}

TEST_F(PhonesTest, TheFirstFailingRowOfCodeDecides) {
  const std::string malformed = "400 bad_request Invalid pairing request";
  const std::string missing = "400 bad_request Missing device id or name";
  object body{{"v", 1}, {"deviceId", ""}, {"deviceName", " x"}, {"share", "x"}};
  EXPECT_EQ(told(phones_.code(source_, "not JSON")), malformed);
  EXPECT_EQ(code({{"v", "2"}}), malformed);
  EXPECT_EQ(code(body), "400 bad_request Unsupported version");
  body["v"] = 2;
  EXPECT_EQ(code(body), missing);
  body["deviceId"] = 7;
  EXPECT_EQ(code(body), missing);
  body["deviceId"] = std::string(128, 'x');
  EXPECT_EQ(code(body), malformed);
  for (const char* const name : {"x ", "x\u3000", "\u00a0x", "\n"}) {
    body["deviceName"] = name;
    EXPECT_EQ(code(body), malformed) << name;
  }
  body["deviceName"] = std::string(257, 'x');
  EXPECT_EQ(code(body), malformed);
  body["deviceName"] = std::string(256, 'x');
  EXPECT_EQ(code(body), "400 bad_request Invalid key share");
  body["deviceId"] = std::string(129, 'x');
  EXPECT_EQ(code(body), malformed);
  body["deviceId"] = "device-1";
  const object file = support::known_answers("spake2.json");
  support::for_each_row(file, "invalid_shares", [&](const object& row) {
    body["share"] = row.at("share");
    EXPECT_EQ(code(body), "400 bad_request Invalid key share");
  });
  body["share"] = file.at("runs").at(0).at("phone_share");
  EXPECT_EQ(code(body), "401 invalid_code That code is wrong or has expired.");
}

TEST_F(PhonesTest, RowsBelowTheEighthCostNoAttemptOfTheCode) {
  issue();
  EXPECT_EQ(code({{"v", 2}, {"deviceId", "a"}, {"deviceName", "b"}, {"share", ""}}),
            "400 bad_request Invalid key share");
  EXPECT_EQ(codes_.current()->attempts_left, 5);
}

TEST_F(PhonesTest, TheFirstFailingRowOfConfirmDecides) {
  const std::string malformed = "400 bad_request Invalid pairing request";
  const std::string invalid = "401 invalid_code That code is wrong or has expired.";
  EXPECT_EQ(confirm({{"v", 3}}), "400 bad_request Unsupported version");
  EXPECT_EQ(confirm({{"v", 2}, {"exchange", "x"}}), malformed);
  EXPECT_EQ(confirm({{"v", 2}, {"exchange", 1}, {"confirm", "x"}}), malformed);
  EXPECT_EQ(confirm({{"v", 2}, {"exchange", "x"}, {"confirm", "x"}}), invalid);
  auto own = phone(issue());
  const auto body = own.confirm_body(phones_.code(source_, own.code_body()).value()).value();
  host_->is_locked = true;
  EXPECT_EQ(told(phones_.confirm(authority::owner(), source_, body)),
            "503 identity_locked The identity is locked.");
  host_->is_locked = false;
  host_->mint_fails = base::Code::counter_exhausted;
  EXPECT_EQ(told(phones_.confirm(authority::owner(), source_, body)),
            "500 mint_failed Failed to generate access key");
  host_->mint_fails.reset();
  EXPECT_EQ(told(phones_.confirm(authority::owner(), source_, body)), invalid);
  clock_.step(60'000);
  // The code itself lives on.
  EXPECT_TRUE(codes_.current());
  EXPECT_EQ(live_keys("phone"), 0);
}

TEST_F(PhonesTest, AWrongGuessCoolsTheSourceDown) {
  issue();
  EXPECT_EQ(code_of(phones_.confirm(authority::owner(), source_,
                                    R"({"v":2,"exchange":"x","confirm":"x"})")),
            "invalid_code");
  EXPECT_EQ(code_of(phones_.code(source_, "{}")), "pairing_rate_limited");
  clock_.step(30'000);
  EXPECT_EQ(code_of(phones_.code(source_, "{}")), "bad_request");
}

TEST_F(PhonesTest, UnpairIsForPhonesAlone) {
  ASSERT_EQ(told(pair(phone(issue()))), "ok");
  const auto other =
      host_->mint(authority::owner(), {.label = "x", .agent_id = {}, .source = "cli"},
                  [](auto&, const auto&) -> base::Result<void> { return {}; });
  EXPECT_EQ(told(phones_.unpair(authority::owner(), other->record.id)),
            "403 not_paired_device This key does not belong to a paired device.");
  EXPECT_EQ(code_of(phones_.unpair(authority::owner(), "")), "not_paired_device");
  EXPECT_EQ(told(phones_.unpair(authority::owner(), last_key_)), "ok");
  EXPECT_EQ(live_keys("phone"), 0);
  EXPECT_EQ(live_keys("cli"), 1);
}

}  // namespace
}  // namespace kronborg::pairing

#include "api/idempotency.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <thread>
#include <vector>

#include "api/fixture_test.h"

namespace kronborg::api {
namespace {

class IdempotencyTest : public ApiTest {
 protected:
  Answered keyed(std::string_view target, std::string_view body, std::string key) {
    return post(target, body, {{"idempotency-key", std::move(key)}});
  }
  static Request minting(std::string path, std::string body, std::string request_id) {
    Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.body = std::move(body);
    request.fields = {{"content-type", "application/json"}, {"idempotency-key", "k1"}};
    request.caller = CallerKind::owner;
    request.request_id = std::move(request_id);
    return request;
  }
  std::size_t agents() { return get("/api/v1/agents").body.at("agents").as_array().size(); }
};

TEST_F(IdempotencyTest, ARepeatHasTheSameAnswerAndNoEffect) {
  const auto first = keyed("/api/v1/agents", R"({"name":"scribe","description":"x"})", "k1");
  ASSERT_EQ(first.status(), 201);
  EXPECT_EQ(first.field("Idempotency-Replayed"), "");
  const std::int64_t audit = place->router().newest_seq();
  const auto again = keyed("/api/v1/agents", R"({ "description":"x", "name":"scribe" })", "\"k1\"");
  EXPECT_EQ(again.status(), 201);
  EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.response.body, first.response.body);
  restart();
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"scribe","description":"x"})", "k1").response.body,
            first.response.body);
  EXPECT_EQ(agents(), 1U);
  Request metrics;
  metrics.method = "GET";
  metrics.path = "/metrics";
  metrics.metrics_access = true;
  EXPECT_NE(send(metrics).response.body.find("kronborg_idempotency_total{result=\"replayed\"} 1\n"),
            std::string::npos);
  EXPECT_EQ(place->router().newest_seq(), audit) << "a repeat made an audit row";
}

TEST_F(IdempotencyTest, ASecretIsNeitherStoredNorReplayed) {
  const auto first = keyed("/api/v1/access-keys", R"({"label":"a"})", "k1");
  ASSERT_FALSE(first.text("key").empty());
  const auto again = keyed("/api/v1/access-keys", R"({"label":"a"})", "k1");
  EXPECT_EQ(again.status(), 201);
  EXPECT_FALSE(again.body.contains("key"));
  EXPECT_EQ(again.body.at("secretsWithheld").at(0).as_string(), "key");
  EXPECT_FALSE(again.text("hint").empty());
  EXPECT_EQ(again.text("id"), first.text("id"));
  EXPECT_EQ(get("/api/v1/access-keys").body.at("accessKeys").as_array().size(), 1U);
}

TEST_F(IdempotencyTest, AnotherRequestWithTheKeyIsAMismatch) {
  ASSERT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k1").status(), 201);
  const auto other = keyed("/api/v1/agents", R"({"name":"b"})", "k1");
  EXPECT_EQ(other.status(), 422);
  EXPECT_EQ(other.code(), "idempotency_mismatch");
  EXPECT_EQ(keyed("/api/v1/access-keys", R"({"label":"a"})", "k1").status(), 201)
      << "the path is part of the scope";
  const std::string target = "/api/v1/access-keys/" + new_key("b").text("id") + "/revoke";
  EXPECT_EQ(keyed(target + "?dryRun=true", "", "k2").status(), 200);
  EXPECT_EQ(keyed(target, "", "k2").code(), "idempotency_mismatch")
      << "so is the query, of the fingerprint";
}

TEST_F(IdempotencyTest, WrongInputComesBeforeTheKeyAndIsNotRemembered) {
  EXPECT_EQ(keyed("/api/v1/agents", R"({"nmae":"a"})", "k1").code(), "unknown_member");
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k1").status(), 201);
  EXPECT_EQ(keyed("/api/v1/agents", R"({"nmae":"a"})", "k1").code(), "unknown_member");
}

TEST_F(IdempotencyTest, PassingStatesAreEvaluatedAnewAndOthersAreNot) {
  ASSERT_EQ(post("/api/v1/identity/lock").status(), 200);
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k1").code(), "identity_locked");
  ASSERT_EQ(post("/api/v1/identity/unlock").status(), 200);
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k1").status(), 201);
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k2").code(), "agent_exists");
  ASSERT_EQ(call("DELETE", "/api/v1/agents/a").status(), 200);
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k2").status(), 201);
  EXPECT_EQ(keyed("/api/v1/agents/none/rotate", "", "k3").code(), "agent_not_found");
  new_agent("none");
  const auto replayed = keyed("/api/v1/agents/none/rotate", "", "k3");
  EXPECT_EQ(replayed.code(), "agent_not_found");
  EXPECT_EQ(replayed.field("Idempotency-Replayed"), "true");
}

TEST_F(IdempotencyTest, TheKeyIsForgottenAfterADay) {
  ASSERT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k1").status(), 201);
  clock.step(idempotency_retention_ms - 1);
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k1").status(), 201);
  clock.step(1);
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "k1").code(), "agent_exists");
}

TEST_F(IdempotencyTest, TheFieldIsBareOrAString) {
  EXPECT_EQ(read_idempotency_key("abc").value(), "abc");
  EXPECT_EQ(read_idempotency_key("\"abc\"").value(), "abc");
  EXPECT_EQ(read_idempotency_key(R"("a \"b\\")").value(), R"(a "b\)");
  EXPECT_EQ(read_idempotency_key(std::string(255, 'a')).value().size(), 255U);
  for (const std::string& bad :
       {std::string(), std::string("\"\""), std::string("a b"), std::string("a\"b"),
        std::string("\"a"), std::string("\"a\\x\""), std::string("\"a\\\""), std::string("a\x7f"),
        std::string("\xc3\xb8"), std::string(256, 'a')}) {
    EXPECT_FALSE(read_idempotency_key(bad)) << bad;
  }
  EXPECT_EQ(keyed("/api/v1/agents", R"({"name":"a"})", "a b").code(), "idempotency_key_invalid");
  EXPECT_EQ(keyed("/api/v1/identity/unlock", "", "a b").code(), "idempotency_key_invalid");
  EXPECT_EQ(agents(), 0U);
}

/// The process that set the mark is gone; what it had done by then decides.
class CrashTest : public IdempotencyTest {
 protected:
  Request asked(std::string request_id) {
    return minting("/api/v1/agents", R"({"name":"a"})", std::move(request_id));
  }
  void die_after_the_mark() {
    Idempotency gone(place->parts());
    ASSERT_EQ(gone.begin(repeatable(asked("first-request"), "k1")).value(), std::nullopt);
  }
};

TEST_F(CrashTest, WithoutAnEffectTheRequestRunsAnewAfterAMinute) {
  die_after_the_mark();
  restart();
  clock.step(idempotency_release_ms - 1);
  const auto early = send(asked("second-request"));
  EXPECT_EQ(early.code(), "idempotency_in_flight");
  EXPECT_EQ(early.field("Retry-After"), "1");
  clock.step(1);
  EXPECT_EQ(send(asked("third-request")).status(), 201);
  EXPECT_EQ(send(asked("fourth-request")).field("Idempotency-Replayed"), "true");
  EXPECT_EQ(agents(), 1U);
}

TEST_F(CrashTest, AnEffectIsNeverRepeated) {
  die_after_the_mark();
  Request effect = asked("first-request");
  effect.fields.pop_back();
  ASSERT_EQ(send(effect).status(), 201);
  restart();
  clock.step(idempotency_release_ms);
  ASSERT_EQ(call("DELETE", "/api/v1/agents/a").status(), 200);
  const auto repeat = send(asked("second-request"));
  EXPECT_EQ(repeat.status(), 409);
  EXPECT_EQ(repeat.code(), "conflict");
  EXPECT_EQ(agents(), 0U);
}

TEST_F(IdempotencyTest, OfManyAtOnceOneHasTheEffect) {
  std::atomic<int> made{0};
  std::atomic<int> other{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Request request = minting("/api/v1/access-keys", R"({"label":"a"})", "request");
      const Response answer = place->router().call(request);
      const bool fresh = answer.body.find("\"key\":\"osk-v1.") != std::string::npos;
      if (fresh) ++made;
      if (!fresh && answer.status != 201 && answer.status != 409) ++other;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(get("/api/v1/access-keys").body.at("accessKeys").as_array().size(), 1U);
}

TEST_F(IdempotencyTest, CapacityIsBoundedAndRefusesWithoutEffect) {
  const auto filled =
      place->parts().database.write([](sql::Transaction& transaction) -> base::Result<void> {
        for (std::int64_t i = 0; i < max_idempotency_records; ++i) {
          TRY_VOID(
              transaction("INSERT INTO idempotency (scope_hash, fingerprint, state, created_at_ms) "
                          "VALUES ($1, '', 'finished', $2)",
                          std::to_string(i), test_time_ms));
        }
        return {};
      });
  ASSERT_TRUE(filled);
  const auto refused = keyed("/api/v1/agents", R"({"name":"a"})", "k1");
  EXPECT_EQ(refused.status(), 429);
  EXPECT_EQ(refused.code(), "idempotency_capacity");
  EXPECT_EQ(agents(), 0U);
  EXPECT_EQ(post("/api/v1/agents", R"({"name":"a"})").status(), 201) << "without a key it goes on";
}

}  // namespace
}  // namespace kronborg::api

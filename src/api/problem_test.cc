#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/accept.h"
#include "api/fixture_test.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

TEST(Accept, TheMostSpecificRangeThatFitsCounts) {
  const std::string_view type = "application/json";
  EXPECT_EQ(accept_weight("", type), 1000);
  EXPECT_EQ(accept_weight("*/*", type), 1000);
  EXPECT_EQ(accept_weight("application/*;q=0.5", type), 500);
  EXPECT_EQ(accept_weight("application/json;q=0, */*", type), 0);
  EXPECT_EQ(accept_weight("*/*;q=0.1, application/*;q=0.2, Application/JSON ; Q=0.3", type), 300);
  EXPECT_EQ(accept_weight("text/html, image/*", type), 0);
}

TEST(Accept, AProblemIsForThoseWhoNameIt) {
  EXPECT_TRUE(prefers_problem("application/problem+json"));
  EXPECT_TRUE(prefers_problem("application/json, application/problem+json"));
  EXPECT_TRUE(prefers_problem("application/problem+json;q=0.9, application/json;q=0.5"));
  EXPECT_FALSE(prefers_problem("application/json, application/problem+json;q=0.9"));
  EXPECT_FALSE(prefers_problem("application/problem+json;q=0"));
  EXPECT_FALSE(prefers_problem("*/*"));
  EXPECT_FALSE(prefers_problem(""));
}

constexpr std::string_view request_id = "c60bf419-156a-485f-b3f3-0b2d411616ab";
constexpr std::string_view origin = "https://kronborg.example";

TEST(Problem, IsAsInTheExampleOfRfc9457Members) {
  const Response response =
      error_response(base::Code::route_not_found, request_id, "application/problem+json", origin);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const json::value body = json::parse(response.body);
  EXPECT_EQ(body.at("type").as_string(), "https://kronborg.example/docs/errors#route_not_found");
  EXPECT_EQ(body.at("status").as_int64(), 404);
  EXPECT_EQ(body.at("detail").as_string(), "There is no such path.");
  EXPECT_EQ(body.at("instance").as_string(), "urn:uuid:c60bf419-156a-485f-b3f3-0b2d411616ab");
  EXPECT_EQ(body.at("code").as_string(), "route_not_found");
  EXPECT_EQ(body.at("requestId").as_string(), request_id);
  EXPECT_FALSE(body.as_object().contains("error"));
}

TEST(Problem, ARequestIdThatIsNoUuidIsNoInstance) {
  const Response response =
      error_response(base::Code::not_found, "my-request-1", "application/problem+json", origin);
  EXPECT_FALSE(json::parse(response.body).as_object().contains("instance"));
}

TEST(Problem, TooManyRequestsUsesTheRegisteredType) {
  const auto error = base::Error(base::Code::rate_limited)
                         .with({.name = "policies", .value = std::vector<std::string>{"source"}})
                         .with({.name = "retryAfter", .value = std::int64_t{7}});
  const Response response = error_response(error, request_id, "application/problem+json", origin);
  const json::value body = json::parse(response.body);
  EXPECT_EQ(body.at("type").as_string(),
            "https://iana.org/assignments/http-problem-types#quota-exceeded");
  EXPECT_EQ(body.at("violated-policies").at(0).as_string(), "source");
  EXPECT_EQ(body.at("retryAfter").as_int64(), 7);
}

TEST(Problem, AFaultOfTheServerSaysNothingOfItsCause) {
  const Response response = error_response(
      {base::Code::internal_error, "disk I/O error in page 77"}, request_id, "", origin);
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("77"), std::string::npos);
}

TEST(Problem, PassingStatesOfTheServerSayWhenToComeBack) {
  for (const base::Code code :
       {base::Code::overloaded, base::Code::draining, base::Code::store_unavailable,
        base::Code::store_full, base::Code::idempotency_in_flight}) {
    const Response response = error_response(code, request_id, "", origin);
    const std::int64_t seconds = json::parse(response.body).at("retryAfter").as_int64();
    ASSERT_EQ(response.fields.size(), 1U);
    EXPECT_EQ(response.fields.front().first, "Retry-After");
    EXPECT_EQ(response.fields.front().second, std::to_string(seconds));
  }
  EXPECT_TRUE(error_response(base::Code::not_found, request_id, "", origin).fields.empty());
}

class ProblemTest : public ApiTest {};

TEST_F(ProblemTest, EveryErrorOfTheApiComesInBothForms) {
  const Fields problem = {{"accept", "application/json, application/problem+json"}};
  const auto answer = call("GET", "/api/v1/agents/none", {}, problem);
  EXPECT_EQ(answer.response.content_type, "application/problem+json");
  EXPECT_EQ(answer.code(), "agent_not_found");
  const auto wrong = call("POST", "/api/v1/agents", R"({"x":1})",
                          {{"accept", "application/json, application/problem+json"},
                           {"content-type", "application/json"}});
  EXPECT_EQ(wrong.body.at("errors").at(0).at("pointer").as_string(), "/x");
  EXPECT_EQ(call("GET", "/api/v1/agents", {}, problem).response.content_type.substr(0, 16),
            "application/json");
}

}  // namespace
}  // namespace kronborg::api

#include "credential/request_token.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace kronborg::credential {
namespace {

crypto::PrivateKey signer() {
  crypto::PrivateKey key;
  key.fill().back() = 1;
  return key;
}

NewRequestToken plain() {
  NewRequestToken token;
  token.kind = identity::DeviceKind::software;
  token.issuer = identity::address_of(signer());
  token.device = identity::DeviceId::parse("0123abcd").value();
  token.counter = 7;
  token.issued_at = 1'767'225'630;
  token.audience = "kronborg.example:8443";
  token.method = "GET";
  token.path = "/v1/models";
  return token;
}

std::string encoded(std::string_view text) { return base::base64url(base::bytes_of(text)); }

const std::string good_header = R"({"alg":"es256k+p256","typ":"osaurus-id","ver":5})";
const std::string good_payload =
    R"({"act":"GET \/x","aud":"a","cnt":1,"dev":"0123abcd","exp":2,"iat":1,"iss":"0x"})";

/// A token whose signature says nothing.
std::string token_of(std::string_view header, std::string_view payload,
                     std::string_view assertion = "") {
  return encoded(header) + "." + encoded(payload) + "." + std::string(130, '0') + "." +
         std::string(assertion);
}

std::string code_of(std::string_view text) {
  const auto parsed = std::make_unique<ParsedRequestToken>();
  const auto code = parsed->parse(text);
  return code ? std::string(base::facts(*code).name) : "read";
}

TEST(RequestToken, HasExactlyThreeDotsAndIsNoAccessKey) {
  EXPECT_TRUE(is_request_token("a.b.c.d"));
  EXPECT_TRUE(is_request_token("..."));
  EXPECT_FALSE(is_request_token("a.b.c"));
  EXPECT_FALSE(is_request_token("a.b.c.d.e"));
  EXPECT_FALSE(is_request_token("osk-v1.b.c.d"));
  EXPECT_TRUE(is_request_token("osk-v2.b.c.d"));
  EXPECT_FALSE(is_request_token(""));
}

TEST(RequestToken, IsReadAsItWasWritten) {
  auto token = plain();
  token.parent = {.master = identity::Address(std::array<std::uint8_t, 20>{9}),
                  .index = 0xFFFFFFFF};
  const auto text = write_request_token(
      token,
      [](base::BytesView payload) -> base::Result<crypto::Signature> {
        return identity::sign(signer(), identity::Prefix::message, payload);
      },
      [](std::span<const std::uint8_t, 32> hash) -> base::Result<base::Bytes> {
        return base::Bytes(hash.begin(), hash.end());
      });
  ASSERT_TRUE(text);
  EXPECT_TRUE(is_request_token(text->reveal()));
  const auto parsed = std::make_unique<ParsedRequestToken>();
  ASSERT_EQ(parsed->parse(text->reveal()), std::nullopt);
  const auto& claims = parsed->claims();
  EXPECT_EQ(claims.kind, identity::DeviceKind::software);
  EXPECT_EQ(claims.issuer, token.issuer.text());
  EXPECT_EQ(claims.audience, "kronborg.example:8443");
  EXPECT_EQ(claims.action, "GET /v1/models");
  EXPECT_EQ(claims.parent, token.parent->master.text());
  EXPECT_EQ(claims.index, 0xFFFFFFFFU);
  EXPECT_EQ(claims.device, token.device);
  EXPECT_EQ(claims.counter, 7U);
  EXPECT_EQ(claims.expires_at - claims.issued_at, 60);
  EXPECT_EQ(parsed->recover_issuer(), token.issuer);
  EXPECT_EQ(base::hex(parsed->assertion()), base::hex(crypto::sha256(parsed->payload())));
}

TEST(RequestToken, AFailureToSignIsTheFailureOfTheWriter) {
  const auto locked = write_request_token(
      plain(),
      [](base::BytesView) -> base::Result<crypto::Signature> {
        return base::Code::identity_locked;
      },
      [](std::span<const std::uint8_t, 32>) -> base::Result<base::Bytes> { return base::Bytes(); });
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().code, base::Code::identity_locked);
}

TEST(RequestToken, MembersMayComeInAnyOrderWithOthersBetween) {
  EXPECT_EQ(code_of(token_of(good_header, good_payload)), "read");
  EXPECT_EQ(code_of(token_of(R"({"x":1,"ver":5,"kid":"y","typ":"osaurus-id","alg":"es256k+tpm2"})",
                             good_payload)),
            "read");
  EXPECT_EQ(code_of(token_of(good_header, R"( {"iss":"0x", "iat":1,"exp":2,"dev":"0123abcd",
      "cnt":1,"aud":"a","act":"GET /x","par":null,"idx":null,"new":true} )")),
            "read");
}

TEST(RequestToken, HeadersAreHeldToEveryMember) {
  for (const char* header :
       {R"({"alg":"es256k+p256","typ":"osaurus-id"})", R"({"alg":"es256k+p256","ver":5})",
        R"({"typ":"osaurus-id","ver":5})", R"({"alg":"es256k+p256","typ":"osaurus-id","ver":"5"})",
        R"({"alg":"es256k+p256","typ":"osaurus-id","ver":5.0})",
        R"({"alg":"es256k+p256","typ":"osaurus-id","ver":6})",
        R"({"alg":"es256k","typ":"osaurus-id","ver":5})",
        R"({"alg":null,"typ":"osaurus-id","ver":5})",
        R"({"alg":"es256k+p256","typ":"JWT","ver":5})",
        R"({"alg":"es256k+p256","typ":"osaurus-id","ver":5}x)",
        R"({"alg":"es256k+p256","alg":"es256k+p256","typ":"osaurus-id","ver":5})", "{}", "[]"}) {
    EXPECT_EQ(code_of(token_of(header, good_payload)), "request_token_header") << header;
  }
}

TEST(RequestToken, ClaimsAreHeldToTheirTypes) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string payload = good_payload;
    const std::size_t at = payload.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return token_of(good_header, payload.replace(at, from.size(), to));
  };
  for (const auto& [from, to] : std::vector<std::pair<const char*, const char*>>{
           {R"("cnt":1)", R"("cnt":18446744073709551616)"},
           {R"("cnt":1)", R"("cnt":1e0)"},
           {R"("cnt":1)", R"("cnt":"1")"},
           {R"("cnt":1)", R"("cnt":-0)"},
           {R"("cnt":1)", R"("cnt":01)"},
           {R"("cnt":1)", R"("cnt":null)"},
           {R"("iat":1)", R"("iat":9007199254740992)"},
           {R"("exp":2)", R"("exp":null)"},
           {R"("dev":"0123abcd")", R"("dev":"0123ABCD")"},
           {R"("dev":"0123abcd")", R"("dev":"0123abcd0")"},
           {R"("iss":"0x")", R"("iss":1)"},
           {R"("iss":"0x")", R"("iss":"0x","idx":4294967296)"},
           {R"("iss":"0x")", R"("iss":"0x","par":[])"},
           {R"("iss":"0x")", R"("iss":"0x","\u0069ss":"0x")"}}) {
    EXPECT_EQ(code_of(with(from, to)), "payload_malformed") << to;
  }
  EXPECT_EQ(code_of(with(R"("cnt":1)", R"("cnt":18446744073709551615)")), "read");
  EXPECT_EQ(code_of(with(R"("iat":1)", R"("iat":9007199254740991)")), "read");
}

TEST(RequestToken, TheFirstRowThatFailsDecides) {
  const std::string bad = "=";
  const std::string zeros(130, '0');
  EXPECT_EQ(code_of(bad + "." + bad + "." + bad + "." + bad), "request_token_header");
  EXPECT_EQ(code_of(encoded(good_header) + "." + bad + "." + bad + "." + bad), "payload_encoding");
  EXPECT_EQ(code_of(encoded(good_header) + "." + encoded("x") + "." + bad + "." + bad),
            "signature_encoding");
  EXPECT_EQ(code_of(encoded(good_header) + "." + encoded("x") + "." + zeros + "." + bad),
            "assertion_encoding");
  EXPECT_EQ(code_of(token_of(good_header, "x")), "payload_malformed");
  EXPECT_EQ(code_of(std::string(8'190, 'a') + "..."), "token_format");
}

TEST(RequestToken, ALongTokenIsReadToTheLastByte) {
  const std::string start = token_of(good_header, good_payload);
  const std::string longest = start + std::string((8'192 - start.size()) / 4 * 4, 'A');
  EXPECT_GT(longest.size(), 8'188U);
  EXPECT_EQ(code_of(longest), "read");
  EXPECT_EQ(code_of(longest + "AAAA"), "token_format");
}

/// Rows 11 to 16, each on its edge.
TEST(RequestToken, TimesHostAndAction) {
  const std::vector<std::string> hosts{"kronborg.example", "localhost:1337"};
  RequestTokenClaims claims;
  claims.issued_at = 1'000;
  claims.expires_at = 1'060;
  claims.audience = "KRONBORG.example";
  claims.action = "GET /x";
  const auto judge = [&](std::int64_t now, std::int64_t start = 0, std::string_view method = "GET",
                         std::string_view path = "/x") -> std::string {
    const auto code = judge_request(
        claims,
        {.now = now, .process_start = start, .hosts = hosts, .method = method, .path = path});
    return code ? std::string(base::facts(*code).name) : "good";
  };
  EXPECT_EQ(judge(970), "good");
  EXPECT_EQ(judge(969), "request_token_not_yet_valid");
  EXPECT_EQ(judge(1'059), "good");
  EXPECT_EQ(judge(1'060), "request_token_expired");
  EXPECT_EQ(judge(1'000, 1'000), "good");
  EXPECT_EQ(judge(1'000, 1'001), "request_token_before_start");
  EXPECT_EQ(judge(1'000, 0, "get"), "request_token_action");
  EXPECT_EQ(judge(1'000, 0, "GET", "/X"), "request_token_action");
  EXPECT_EQ(judge(1'000, 0, "GET ", "x"), "request_token_action");
  EXPECT_EQ(judge(1'000, 0, "", "GET /x"), "request_token_action");
  claims.action = " /x";
  EXPECT_EQ(judge(1'000, 0, "", "/x"), "request_token_action");
  claims.action = "GET /x";
  claims.audience = "kronborg.example:443";
  EXPECT_EQ(judge(1'000), "request_token_audience");
  claims.audience = "localhost:1337";
  EXPECT_EQ(judge(1'000), "good");
  claims.expires_at = 1'061;
  EXPECT_EQ(judge(1'000), "request_token_lifetime");
  claims.expires_at = 1'000;
  EXPECT_EQ(judge(1'000), "request_token_lifetime");
}

TEST(RequestToken, ParentAndIndexBelongToAgents) {
  const identity::Address master(std::array<std::uint8_t, 20>{1});
  const std::string text = master.lower();
  RequestTokenClaims claims;
  EXPECT_TRUE(names_parent(claims, master, {}));
  EXPECT_FALSE(names_parent(claims, master, 0));
  claims.index = 0;
  EXPECT_FALSE(names_parent(claims, master, {}));
  EXPECT_FALSE(names_parent(claims, master, 0));
  claims.parent = text;
  EXPECT_TRUE(names_parent(claims, master, 0));
  EXPECT_FALSE(names_parent(claims, master, 1));
  EXPECT_FALSE(names_parent(claims, identity::Address(), 0));
  EXPECT_FALSE(names_parent(claims, master, {}));
}

}  // namespace
}  // namespace kronborg::credential

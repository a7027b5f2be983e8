#include <optional>

#include "base/text.h"
#include "credential/access_key.h"
#include "credential/request_token.h"
#include "cross/peer.h"
#include "crypto/hash.h"
#include "crypto/p256.h"
#include "identity/derivation.h"
#include "identity/device_id.h"
#include "identity/signed_message.h"

namespace kronborg::cross {
namespace {

using identity::Prefix;

constexpr std::int64_t now = 1'790'000'000;

TEST_F(CrossTest, AccessKeysMintedHereAreReadThere) {
  for (int round = 0; round < rounds; ++round) {
    const auto key = identity::new_master_key(random_);
    credential::NewAccessKey fresh{.issuer = identity::address_of(key),
                                   .audience = identity::address_of(key),
                                   .label = coin() ? name(30) : "",
                                   .nonce = hex_digits(16),
                                   .counter = below(1ULL << 63U),
                                   .issued_at = now,
                                   .expires_at = std::nullopt};
    if (coin()) fresh.expires_at = now + 1 + static_cast<std::int64_t>(below(40'000'000));
    const std::string payload = credential::access_key_payload(fresh);
    const auto signature = identity::sign(key, Prefix::access, base::bytes_of(payload));
    const auto text = credential::access_key_text(payload, signature);
    const auto read = peer().ask("read_key", {{"token", text.reveal()}});
    ASSERT_FALSE(read.contains("refused")) << base::to_text(read);
    const json::object authority{
        {"master", fresh.issuer.text()},
        {"agents", json::array()},
        {"whitelist", {{"master", json::array()}, {"agents", json::object()}}}};
    const auto verdict = peer().ask(
        "verify_key", {{"token", text.reveal()}, {"now", now}, {"authority", authority}});
    EXPECT_EQ(text_in(verdict, "outcome"), "valid") << base::to_text(verdict);
    json::object gone = authority;
    gone["thresholds"] = json::object{{fresh.issuer.lower(), std::to_string(fresh.counter)}};
    const auto refused =
        peer().ask("verify_key", {{"token", text.reveal()}, {"now", now}, {"authority", gone}});
    EXPECT_NE(text_in(refused, "outcome"), "valid");
  }
}

TEST_F(CrossTest, AccessKeysMintedThereAreReadHere) {
  for (int round = 0; round < rounds; ++round) {
    const auto key = identity::new_master_key(random_);
    const auto address = identity::address_of(key);
    const std::uint64_t counter = below(1ULL << 63U);
    json::object order{
        {"private_key", base::hex(key.reveal())}, {"kind", "agent"}, {"aud", address.text()},
        {"cnt", std::to_string(counter)},         {"iat", now},      {"nonce", hex_digits(16)}};
    const std::string label = coin() ? name(30) : "";
    if (!label.empty()) order["lbl"] = label;
    const auto minted = peer().ask("mint", order);
    credential::ParsedAccessKey parsed;
    ASSERT_FALSE(parsed.parse(text_in(minted, "token")));
    EXPECT_EQ(parsed.recover_issuer(), address);
    EXPECT_EQ(parsed.claims().label, label);
    EXPECT_EQ(parsed.claims().counter, counter);
    EXPECT_EQ(parsed.claims().nonce, order.at("nonce").as_string());
    EXPECT_EQ(credential::access_key_hint(parsed.signature()), text_in(minted, "hint"));
  }
}

/// A character anywhere in a key is replaced: both say the same of it.
TEST_F(CrossTest, AlteredAccessKeysAreJudgedAlike) {
  constexpr std::string_view characters = "ABCdef019-_.=+/ \n";
  for (int round = 0; round < rounds; ++round) {
    const auto key = identity::new_master_key(random_);
    const std::string payload =
        credential::access_key_payload({.issuer = identity::address_of(key),
                                        .audience = identity::address_of(key),
                                        .label = "x",
                                        .nonce = hex_digits(16),
                                        .counter = below(1ULL << 50U),
                                        .issued_at = now,
                                        .expires_at = {}});
    const auto signature = identity::sign(key, Prefix::access, base::bytes_of(payload));
    std::string text(credential::access_key_text(payload, signature).reveal());
    text[below(text.size())] = characters[below(characters.size())];
    credential::ParsedAccessKey parsed;
    const auto refused = parsed.parse(text);
    const auto theirs = peer().ask("read_key", {{"token", text}});
    std::string ours(refused ? base::facts(*refused).name : "");
    if (!refused) {
      const auto issuer = parsed.recover_issuer();
      if (!issuer) {
        ours = "signature_invalid";
      } else if (issuer->lower() != base::lower(parsed.claims().issuer)) {
        ours = "issuer_mismatch";
      }
    }
    EXPECT_EQ(theirs.contains("refused") ? text_in(theirs, "refused") : "", ours) << text;
    if (ours.empty()) {
      EXPECT_EQ(text_in(theirs, "issuer"), parsed.recover_issuer()->text());
    }
  }
}

struct Device {
  base::Secret<32> key;
  crypto::P256PublicKey public_key;
  explicit Device(base::Random& random)
      : key(crypto::new_p256_key(random)), public_key(crypto::p256_public_key(key).value()) {}
  [[nodiscard]] std::string id() const { return identity::device_id_of(public_key); }
};

json::object host_of(const identity::Address& master, const Device& device) {
  return {{"master", master.text()},
          {"agents", json::array()},
          {"whitelist", {{"master", json::array()}, {"agents", json::object()}}},
          {"devices",
           {{{"dev", device.id()},
             {"issuer", master.text()},
             {"kind", "software"},
             {"public_key_hex", base::hex(device.public_key)},
             {"revoked", false}}}},
          {"now", now + 1},
          {"process_start", now - 10},
          {"host_names", {"localhost:1337"}},
          {"allow_unattested", false},
          {"last_cnt", json::object()}};
}

TEST_F(CrossTest, RequestTokensMadeHereAreAcceptedThere) {
  for (int round = 0; round < rounds; ++round) {
    const auto master = identity::new_master_key(random_);
    const Device device(random_);
    const credential::NewRequestToken wanted{.kind = identity::DeviceKind::software,
                                             .issuer = identity::address_of(master),
                                             .device = identity::DeviceId::of(device.public_key),
                                             .counter = below(1ULL << 63U),
                                             .issued_at = now,
                                             .audience = "localhost:1337",
                                             .method = coin() ? "GET" : "POST",
                                             .path = "/v1/" + hex_digits(below(20)),
                                             .parent = {}};
    const auto token = credential::write_request_token(
        wanted,
        [&](base::BytesView payload) -> base::Result<crypto::Signature> {
          return identity::sign(master, Prefix::message, payload);
        },
        [&](std::span<const std::uint8_t, 32> digest) -> base::Result<base::Bytes> {
          const auto signature = crypto::p256_sign(device.key, digest);
          if (!signature) return signature.error();
          return base::Bytes(signature->begin(), signature->end());
        });
    ASSERT_TRUE(token);
    json::object asked{{"token", token->reveal()},
                       {"method", wanted.method},
                       {"path", wanted.path},
                       {"host", host_of(wanted.issuer, device)}};
    EXPECT_EQ(text_in(peer().ask("verify_request", asked), "outcome"), "accepted");
    asked["path"] = wanted.path + "x";
    EXPECT_EQ(text_in(peer().ask("verify_request", asked), "code"), "request_token_action");
  }
}

TEST_F(CrossTest, RequestTokensMadeThereAreReadHere) {
  for (int round = 0; round < rounds; ++round) {
    const auto master = identity::new_master_key(random_);
    const Device device(random_);
    const std::uint64_t counter = below(1ULL << 63U);
    const std::string path = "/v1/" + hex_digits(below(20));
    const auto made = peer().ask("sign_request", {{"private_key", base::hex(master.reveal())},
                                                  {"kind", "master"},
                                                  {"device_key", base::hex(device.key.reveal())},
                                                  {"cnt", std::to_string(counter)},
                                                  {"iat", now},
                                                  {"aud", "localhost:1337"},
                                                  {"method", "GET"},
                                                  {"path", path}});
    const std::string token = text_in(made, "token");
    EXPECT_TRUE(credential::is_request_token(token));
    credential::ParsedRequestToken parsed;
    ASSERT_FALSE(parsed.parse(token));
    EXPECT_EQ(parsed.recover_issuer(), identity::address_of(master));
    EXPECT_EQ(parsed.claims().counter, counter);
    EXPECT_EQ(parsed.claims().action, "GET " + path);
    EXPECT_EQ(parsed.claims().device.text(), device.id());
    const std::array<std::string, 1> hosts{"localhost:1337"};
    EXPECT_FALSE(credential::judge_request(
        parsed.claims(),
        {.now = now + 1, .process_start = now - 1, .hosts = hosts, .method = "GET", .path = path}));
    const auto verifier = crypto::P256Verifier::of(device.public_key);
    ASSERT_TRUE(verifier);
    EXPECT_TRUE(verifier->verifies(crypto::sha256(parsed.payload()), parsed.assertion()));
  }
}

}  // namespace
}  // namespace kronborg::cross

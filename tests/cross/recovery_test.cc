#include "cross/peer.h"
#include "identity/derivation.h"
#include "identity/recovery_bundle.h"
#include "identity/recovery_code.h"
#include "identity/sealed_file.h"

namespace kronborg::cross {
namespace {

constexpr std::int64_t now = 1'790'000'000;
// A low cost: what is compared is the format; the vectors hold the cost that is used.
constexpr std::int64_t opslimit = 1, memlimit = 8192;

TEST_F(CrossTest, CodesAreReadAlike) {
  for (int round = 0; round < rounds; ++round) {
    const std::string code(identity::new_recovery_code(random_).reveal());
    EXPECT_EQ(text_in(peer().ask("read_code", {{"text", code}}), "digits"),
              identity::password_of_code(code)->reveal());
  }
}

class BundleTest : public CrossTest {
 protected:
  json::object contents_of(const crypto::PrivateKey& master) {
    json::array agents;
    for (std::uint64_t i = below(4); i > 0; --i) {
      const auto index = static_cast<std::uint32_t>(below(1ULL << 31U));
      const std::string scope = coin() ? hex_digits(4) : "";
      agents.push_back(json::object{
          {"id", base::uuid4(random_)},
          {"name", "agent" + std::to_string(i)},
          {"index", index},
          {"scope", scope},
          {"address",
           identity::address_of(*identity::derive_agent_key(master, {scope, index})).text()}});
    }
    const auto issuer = identity::address_of(identity::new_master_key(random_));
    return {{"v", 1},
            {"master", base::hex(master.reveal())},
            {"agents", agents},
            {"whitelist", {{"master", {issuer.text()}}, {"agents", json::object()}}},
            {"revocations", {{{"iss", issuer.lower()}, {"nonce", hex_digits(16)}}}},
            {"thresholds", {{issuer.lower(), std::to_string(below(1ULL << 63U))}}},
            {"counters", {{issuer.lower(), std::to_string(below(1ULL << 63U))}}},
            {"indices", {{hex_digits(4), 7}}}};
  }
};

TEST_F(BundleTest, TheirsOpenHere) {
  for (int round = 0; round < 200; ++round) {
    const auto master = identity::new_master_key(random_);
    const auto contents = contents_of(master);
    const std::string code(identity::new_recovery_code(random_).reveal());
    const std::string file =
        text_in(peer().ask("bundle_make", {{"contents", base::to_text(contents)},
                                           {"code", code},
                                           {"generation", 3},
                                           {"created_at", now},
                                           {"updated_at", now + 5},
                                           {"opslimit", opslimit},
                                           {"memlimit", memlimit}}),
                "file");
    const auto opened = identity::open_bundle(file, code);
    ASSERT_TRUE(opened) << opened.error().text() << file;
    EXPECT_EQ(base::hex(opened->master.reveal()), base::hex(master.reveal()));
    EXPECT_EQ(opened->header.generation, 3);
    EXPECT_EQ(opened->content.agents.size(), contents.at("agents").as_array().size());
    const std::string other(identity::new_recovery_code(random_).reveal());
    EXPECT_EQ(base::facts(identity::open_bundle(file, other).error().code).name,
              "recovery_code_wrong");
  }
}

TEST_F(BundleTest, OursOpenThere) {
  for (int round = 0; round < 200; ++round) {
    const auto master = identity::new_master_key(random_);
    const auto contents = contents_of(master);
    const std::string code(identity::new_recovery_code(random_).reveal());
    identity::SealedHeader header{.format = std::string(identity::bundle_format),
                                  .address = identity::address_of(master),
                                  .generation = 1,
                                  .created_at = now,
                                  .updated_at = now,
                                  .cost = {.opslimit = opslimit, .memlimit = memlimit},
                                  .salt = {},
                                  .extra = {},
                                  .extra_kdf = {}};
    random_.fill(header.salt);
    const auto key = identity::key_of_password(header, identity::password_of_code(code)->reveal());
    ASSERT_TRUE(key);
    const std::string file = identity::seal(header, *key, base::canonical_json(contents), random_);
    const auto opened = peer().ask("bundle_open", {{"file", file}, {"code", code}});
    EXPECT_EQ(text_in(opened, "address"), identity::address_of(master).text());
    EXPECT_EQ(text_in(opened, "contents"), base::canonical_json(contents));
    std::string damaged = file;
    damaged[damaged.size() - 10] ^= 1;
    EXPECT_FALSE(peer().refusal("bundle_open", {{"file", damaged}, {"code", code}}).empty());
  }
}

}  // namespace
}  // namespace kronborg::cross

#include "identity/recovery_bundle.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "base/json.h"
#include "base/random.h"
#include "identity/recovery_code.h"

namespace kronborg::identity {
namespace {

namespace json = base::json;

constexpr std::string_view empty =
    R"({"agents":[],"counters":{},"indices":{},"revocations":[],"thresholds":{},)"
    R"("whitelist":{"agents":{},"master":[]}})";
constexpr std::string_view alice = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
constexpr std::string_view code = "OSAURUS-0123-4567-89AB-CDEF";

template <class R>
std::string code_of(const R& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

json::object vectors() {
  const char* const given = ::getenv("KRONBORG_VECTORS");
  const std::filesystem::path folder =
      given != nullptr ? given : KRONBORG_SOURCE_DIR "/testdata/vectors";
  std::ifstream file(folder / "recovery.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return base::parse_json(text).value().as_object();
}

/// What a bundle of the vectors holds, without `v` and `master`.
json::object content_of_vector(std::size_t row) {
  const json::object known = vectors();
  auto content =
      base::parse_json(known.at("bundles").at(row).at("plaintext").as_string()).value().as_object();
  content.erase("v");
  content.erase("master");
  return content;
}

/// Alice's key and some content, sealed for the code with next to no work.
std::string sealed(json::object content, std::string_view address = alice) {
  const json::object known = vectors();
  content["v"] = 1;
  content["master"] =
      base::parse_json(known.at("bundles").at(0).at("plaintext").as_string()).value().at("master");
  SealedHeader header;
  header.format = bundle_format;
  header.address = *Address::parse(address);
  header.generation = 1;
  header.cost = {.opslimit = 1, .memlimit = 8192};
  base::SystemRandom random;
  const auto password = password_of_code(code).value();
  return seal(header, key_of_password(header, password.reveal()).value(),
              base::canonical_json(content), random);
}

std::string opened(json::object content, std::string_view address = alice) {
  return code_of(open_bundle(sealed(std::move(content), address), code));
}

TEST(BundleContent, IsWrittenAsTheVectorsHaveIt) {
  for (const std::size_t row : {0U, 1U, 2U}) {
    const json::object content = content_of_vector(row);
    const auto read = read_bundle_content(base::to_text(content));
    ASSERT_EQ(code_of(read), "ok");
    EXPECT_EQ(bundle_content_text(*read), base::canonical_json(content));
  }
  EXPECT_EQ(bundle_content_text({}), empty);
}

TEST(BundleContent, MayBeLongerThanARequest) {
  BundleContent content;
  const Address issuer = *Address::parse(alice);
  for (int i = 0; i < 20'000; ++i) {
    content.revocations.push_back(
        {.issuer = issuer, .nonce = "nonce " + std::to_string(i), .expires_at = {}});
    std::array<std::uint8_t, 20> bytes{static_cast<std::uint8_t>(i >> 8),
                                       static_cast<std::uint8_t>(i)};
    content.counters[Address(bytes)] = static_cast<std::uint64_t>(i);
  }
  const auto read = read_bundle_content(bundle_content_text(content));
  ASSERT_EQ(code_of(read), "ok");
  EXPECT_EQ(read->revocations.size(), 20'000U);
  EXPECT_EQ(read->revocations.back().nonce, "nonce 19999");
  EXPECT_EQ(read->counters.size(), 20'000U);
}

TEST(BundleContent, WrongFormsAreNamed) {
  const auto refused = [](std::string_view pointer, json::value value) {
    json::value content = content_of_vector(0);
    content.at_pointer(pointer) = std::move(value);
    const auto read = read_bundle_content(base::to_text(content));
    EXPECT_EQ(code_of(read), "bundle_unsupported") << pointer;
    return read ? std::string() : read.error().message;
  };
  EXPECT_NE(refused("/agents", json::object()).find("agents"), std::string::npos);
  refused("/agents/0/address", "0x12");
  refused("/agents/0/index", -1);
  refused("/agents/0/index", std::int64_t{1} << 32U);
  refused("/agents/0/index", "0");
  refused("/agents/0/name", "");
  refused("/agents/0/id", "");
  refused("/agents/1/name", "Writer");
  refused("/agents/1/id", content_of_vector(0).at("agents").at(0).at("id"));
  refused("/agents/1/address", content_of_vector(0).at("agents").at(0).at("address"));
  refused("/whitelist/master/0", "nobody");
  refused("/whitelist/agents", json::array());
  refused("/revocations/0/iss", nullptr);
  refused("/revocations/0/nonce", "");
  refused("/revocations/0/nonce", json::string(129, 'x'));
  refused("/revocations/1/exp", "soon");
  refused("/thresholds", json::object{{alice, 5}});
  refused("/thresholds", json::object{{alice, "18446744073709551616"}});
  refused("/counters", json::object{{alice, "-1"}});
  refused("/counters", json::object{{"nobody", "1"}});
  refused("/indices", json::object{{"", (std::int64_t{1} << 32U) + 1}});
  for (const char* const member :
       {"agents", "whitelist", "revocations", "thresholds", "counters", "indices"}) {
    json::object content = content_of_vector(0);
    content.erase(member);
    EXPECT_EQ(code_of(read_bundle_content(base::to_text(content))), "bundle_unsupported") << member;
  }
  for (const std::string_view text : {"", "[]", "null", R"({"agents":[],"agents":[]})"}) {
    EXPECT_EQ(code_of(read_bundle_content(text)), "bundle_unsupported") << text;
  }
}

TEST(BundleContent, SixtyFourBitsSurvive) {
  BundleContent content;
  content.thresholds[*Address::parse(alice)] = std::numeric_limits<std::uint64_t>::max();
  content.indices["scope"] = std::int64_t{1} << 32U;
  const auto read = read_bundle_content(bundle_content_text(content));
  ASSERT_EQ(code_of(read), "ok");
  EXPECT_EQ(read->thresholds, content.thresholds);
  EXPECT_EQ(read->indices, content.indices);
}

TEST(OpenBundle, ChecksEveryAddress) {
  EXPECT_EQ(opened(content_of_vector(0)), "ok");
  EXPECT_EQ(opened(content_of_vector(0), "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
            "bundle_unsupported")
      << "the master is of another address";
  json::value content = content_of_vector(0);
  content.at_pointer("/agents/2/index") = 4;
  EXPECT_EQ(opened(content.as_object()), "agent_address_mismatch");
  content = content_of_vector(0);
  content.at_pointer("/agents/1/scope") = "";
  EXPECT_EQ(opened(content.as_object()), "agent_address_mismatch");
}

TEST(OpenBundle, GivesTheKeyAndTheContent) {
  const auto bundle = open_bundle(sealed(content_of_vector(0)), "osaurus 0123 4567 89ab cdef");
  ASSERT_EQ(code_of(bundle), "ok");
  EXPECT_EQ(address_of(bundle->master).text(), alice);
  EXPECT_EQ(bundle_content_text(bundle->content), base::canonical_json(content_of_vector(0)));
  EXPECT_EQ(code_of(open_bundle(sealed(content_of_vector(0)), "OSAURUS-0123-4567-89AB-CDEE")),
            "recovery_code_wrong");
  EXPECT_EQ(code_of(open_bundle(sealed(content_of_vector(0)), "12")), "recovery_code_format");
}

TEST(RaiseForRecovery, MarksRiseAndNeverFall) {
  BundleContent content;
  const Address master = *Address::parse(alice);
  content.indices = {{"low", 3}, {"high", 50'000'000}};
  content.agents.push_back({.id = "id",
                            .name = "Agent",
                            .key = {.scope = "unmarked", .index = 60'000'000},
                            .address = master});
  constexpr std::int64_t now_ms = 1'767'225'600'000;
  raise_for_recovery(content, master, "host", EarlierKeys::keep, now_ms);
  constexpr std::int64_t minutes = now_ms / 60'000;
  EXPECT_EQ(
      content.indices,
      (std::map<std::string, std::int64_t>{
          {"low", minutes}, {"high", 50'000'000}, {"unmarked", 60'000'001}, {"host", minutes}}));
  EXPECT_TRUE(content.thresholds.empty());
  content.indices = {{"full", std::int64_t{1} << 32U}};
  raise_for_recovery(content, master, "host", EarlierKeys::keep, -1);
  EXPECT_EQ(content.indices.at("full"), std::int64_t{1} << 32U);
  EXPECT_EQ(content.indices.at("host"), 0);
}

}  // namespace
}  // namespace kronborg::identity

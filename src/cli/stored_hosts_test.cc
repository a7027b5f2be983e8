#include "cli/stored_hosts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace kronborg::cli {
namespace {

const auto writer = identity::Address::parse("0x52908400098527886E0F7030069857D2E4169EE7").value();
const auto painter = identity::Address::parse("0x8617E340B3D01FA5F11F306F4090FD50E238070D").value();

class StoredHostsTest : public ::testing::Test {
 protected:
  StoredHostsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kronborg-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~StoredHostsTest() override { std::filesystem::remove_all(folder_); }

  static StoredHost host(const char* name, const identity::Address& agent, const char* key) {
    return {.host = name,
            .url = "http://" + std::string(name),
            .agent = agent,
            .agent_id = "id",
            .agent_name = "the \"writer\"\n",
            .key = base::SecretText(key),
            .expires_at = 1'793'610'000};
  }

  std::filesystem::path folder_;
};

TEST_F(StoredHostsTest, KeepOneKeyForEachAgentOfAHost) {
  EXPECT_TRUE(keys_for_host(folder_, "a.example:1").value().empty());
  ASSERT_TRUE(keep_host(folder_, host("A.example:1", writer, "first")));
  ASSERT_TRUE(keep_host(folder_, host("a.example:1", painter, "other")));
  ASSERT_TRUE(keep_host(folder_, host("b.example:1", writer, "elsewhere")));
  ASSERT_TRUE(keep_host(folder_, host("a.example:1", writer, "second")));
  const auto found = keys_for_host(folder_, "a.EXAMPLE:1").value();
  ASSERT_EQ(found.size(), 2U);
  for (const StoredHost& one : found) {
    EXPECT_EQ(one.key.reveal(), one.agent == writer ? "second" : "other");
    EXPECT_EQ(one.agent_name, "the \"writer\"\n");
    EXPECT_EQ(one.expires_at, 1'793'610'000);
    EXPECT_TRUE(one.channel);
  }
  struct stat facts{};
  ASSERT_EQ(::stat((folder_ / "credentials.toml").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(StoredHostsTest, PassOverWhatIsNoKey) {
  std::ofstream(folder_ / "credentials.toml")
      << "[hosts.\"a.example:1\".\"0x12\"]\nkey = \"k\"\n[hosts.\"a.example:1\"]\nx = 1\n";
  std::filesystem::permissions(folder_ / "credentials.toml", std::filesystem::perms(0600));
  EXPECT_TRUE(keys_for_host(folder_, "a.example:1").value().empty());
  std::filesystem::permissions(folder_ / "credentials.toml", std::filesystem::perms(0644));
  EXPECT_EQ(keys_for_host(folder_, "a.example:1").error().code, base::Code::data_folder_unsafe);
}

}  // namespace
}  // namespace kronborg::cli

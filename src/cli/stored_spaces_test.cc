#include "cli/stored_spaces.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace kronborg::cli {
namespace {

constexpr const char* first_id = "ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f";
constexpr const char* second_id = "ccf9aaaa-9e61-45f4-9519-a4a65f0e9f1f";

class StoredSpacesTest : public ::testing::Test {
 protected:
  StoredSpacesTest() {
    std::string name = "/tmp/kronborg-stored-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~StoredSpacesTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] StoredSpaces load() const { return StoredSpaces::load(folder_).value(); }
  static StoredSpace space(const std::string& entry, const std::string& id, const std::string& as) {
    return {.entry = entry,
            .space_id = id,
            .name = "Licence 'renewal' \n \x1b \"2027\"",
            .server = "https://kronborg.example",
            .as = as,
            .key_type = "participant",
            .participant_id = "d974" + entry,
            .key_id = "k1",
            .key = base::SecretText("secret"),
            .invitation = base::SecretText("invited"),
            .join_token = base::SecretText("token"),
            .asked = "asked",
            .read = {{"document", "\"3-abc\""}}};
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "credentials.toml"; }

  std::filesystem::path folder_;
};

TEST_F(StoredSpacesTest, KeepWhatTheyAreGivenInAFileOfTheirOwner) {
  ASSERT_TRUE(load().put(space("e1", first_id, "seller")));
  const auto read = load().find({.space = first_id, .as = {}}).value();
  EXPECT_EQ(read.name, "Licence 'renewal' \n \x1b \"2027\"");
  EXPECT_EQ(read.key.reveal(), "secret");
  EXPECT_EQ(read.invitation.reveal(), "invited");
  EXPECT_EQ(read.join_token.reveal(), "token");
  EXPECT_EQ(read.asked, "asked");
  EXPECT_EQ(read.read.at("document"), "\"3-abc\"");
  struct stat facts{};
  ASSERT_EQ(::stat(file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(StoredSpacesTest, LeaveWhatOthersKeepInTheFile) {
  std::ofstream(file()) << "[hosts.\"a.example\"]\nkey = \"of another\"\n";
  std::filesystem::permissions(file(), std::filesystem::perms(0600));
  ASSERT_TRUE(load().put(space("e1", first_id, "seller")));
  ASSERT_TRUE(load().remove("e1"));
  std::stringstream text;
  text << std::ifstream(file()).rdbuf();
  EXPECT_NE(text.str().find("of another"), std::string::npos);
  EXPECT_EQ(text.str().find("secret"), std::string::npos);
}

TEST_F(StoredSpacesTest, ChangeWhatIsStoredNowAndNotWhatWasReadBefore) {
  auto early = load();
  ASSERT_TRUE(early.put(space("e1", first_id, "seller")));
  auto late = load();
  ASSERT_TRUE(late.update("e1", [](StoredSpace& one) { one.key = base::SecretText("newer"); }));
  ASSERT_TRUE(early.update("e1", [](StoredSpace& one) { one.name = "renamed"; }));
  EXPECT_EQ(load().find({.space = "renamed", .as = {}}).value().key.reveal(), "newer");
  ASSERT_TRUE(late.remove("e1"));
  ASSERT_TRUE(early.update("e1", [](StoredSpace& one) { one.name = "ghost"; }));
  EXPECT_TRUE(load().all().empty());
}

TEST_F(StoredSpacesTest, AreFoundByWhatIsClear) {
  auto stored = load();
  ASSERT_TRUE(stored.put(space("e1", first_id, "buyer")));
  ASSERT_TRUE(stored.put(space("e2", second_id, "seller")));
  EXPECT_EQ(stored.find({.space = "CCF9C3", .as = {}}).value().entry, "e1");
  EXPECT_FALSE(stored.find({.space = "ccf", .as = {}})) << "three digits";
  EXPECT_EQ(stored.find({.space = "ccf9", .as = {}}).error().next_step(), "use the id");
  EXPECT_EQ(stored.find({.space = "ccf9", .as = "seller"}).value().entry, "e2");
  ASSERT_TRUE(stored.put(space("e3", first_id, "other")));
  EXPECT_NE(stored.find({.space = first_id, .as = {}}).error().hint.find("--as"),
            std::string::npos);
  EXPECT_EQ(stored.find({.space = first_id, .as = "d974e3"}).value().entry, "e3");
}

TEST_F(StoredSpacesTest, AreNotReadFromAFileOfEverybodyOrOneThatIsBroken) {
  std::ofstream(file()) << "[spaces\n";
  std::filesystem::permissions(file(), std::filesystem::perms(0600));
  EXPECT_EQ(StoredSpaces::load(folder_).error().code, base::Code::config_invalid);
  std::filesystem::permissions(file(), std::filesystem::perms(0644));
  EXPECT_EQ(StoredSpaces::load(folder_).error().code, base::Code::data_folder_unsafe);
}

}  // namespace
}  // namespace kronborg::cli

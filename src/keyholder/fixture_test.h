#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "keyholder/keyholder.h"

namespace kronborg::keyholder {

inline constexpr std::int64_t test_time = 1'767'225'600;
/// Alice of testdata/vectors.
inline constexpr std::string_view alice_address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

/// Removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "keyholder-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_private(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

inline base::json::value vectors(std::string_view name) {
  const char* const given = ::getenv("KRONBORG_VECTORS");
  const std::filesystem::path folder =
      given != nullptr ? given : KRONBORG_SOURCE_DIR "/testdata/vectors";
  const std::string text = content_of(folder / name);
  EXPECT_FALSE(text.empty()) << name;
  boost::system::error_code failed;
  base::json::value value = base::json::parse(text, failed);
  EXPECT_FALSE(failed) << name;
  return value;
}

/// Alice's keystore as another implementation wrote it, in the clear.
inline std::string alice_keystore() {
  const base::json::value recovery = vectors("recovery.json");
  const auto plain = base::parse_json(recovery.at_pointer("/keystores/0/plaintext").as_string());
  EXPECT_TRUE(plain);
  return base::to_text(base::json::object{{"v", 1},
                                          {"format", "kronborg-keystore"},
                                          {"kind", "file"},
                                          {"address", alice_address},
                                          {"created_at", test_time},
                                          {"updated_at", test_time},
                                          {"plain", *plain}});
}

inline base::SecretText secret(std::string_view text) { return base::SecretText(text); }

template <class R>
std::string code_of(const R& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

/// A data folder and a holder for it.
class KeyHolderTest : public testing::Test {
 protected:
  void SetUp() override { start(); }

  void start() {
    SpawnOptions options;
    options.data_folder = data_folder();
    options.executable = KRONBORG_KEY_HOLDER_CHILD;
    options.tpm = tpm;
    options.delay = [this](int seconds) { delays.push_back(seconds); };
    auto spawned = KeyHolder::spawn(std::move(options));
    ASSERT_TRUE(spawned) << spawned.error().text();
    holder = *std::move(spawned);
  }
  [[nodiscard]] const std::filesystem::path& data_folder() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path keystore() const { return data_folder() / keystore_name; }
  [[nodiscard]] std::filesystem::path bundle() const { return data_folder() / bundle_name; }
  void unlock_alice() {
    write_private(keystore(), alice_keystore());
    ASSERT_EQ(code_of(holder->unlock({})), "ok");
  }

  std::vector<int> delays;
  std::filesystem::path tpm = "/nonexistent/tpm";  ///< for start()
  std::unique_ptr<KeyHolder> holder;

 private:
  TemporaryFolder folder_;
};

}  // namespace kronborg::keyholder

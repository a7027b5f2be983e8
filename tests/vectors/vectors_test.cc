#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "vectors/topics.h"

namespace kronborg::vectors {
namespace {

namespace fs = std::filesystem;

fs::path folder() {
  const char* given = std::getenv("KRONBORG_VECTORS");
  return given == nullptr ? fs::path(KRONBORG_SOURCE_DIR) / "testdata" / "vectors"
                          : fs::path(given);
}

std::vector<fs::path> files() {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder(), error)) {
    if (entry.path().extension() == ".json") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

/// Letters, digits and `_` are all that a test name may hold.
std::string test_name(const testing::TestParamInfo<fs::path>& file) {
  std::string name = file.param.stem().string();
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

TEST(VectorFolder, HoldsFiles) { EXPECT_FALSE(files().empty()) << folder(); }

class VectorFile : public testing::TestWithParam<fs::path> {};

TEST_P(VectorFile, Holds) {
  const auto text = base::read_file(GetParam(), 256U << 20U);
  ASSERT_TRUE(text) << text.error().text();
  constexpr std::size_t many = 1U << 24U;
  const auto value = base::parse_json(*text, {.depth = 64, .members = many, .items = many});
  ASSERT_TRUE(value) << value.error().text();
  const base::json::object& file = value->as_object();
  const std::string topic(file.at("topic").as_string());
  const Check check = check_of(topic);
  if (check == nullptr) {
    GTEST_SKIP() << GetParam().filename().string() << ": topic not built yet (" << topic << ")";
  }
  check(file);
}

INSTANTIATE_TEST_SUITE_P(, VectorFile, testing::ValuesIn(files()), test_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(VectorFile);

}  // namespace
}  // namespace kronborg::vectors

#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace kronborg::base {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = (fs::temp_directory_path() / "kronborg-file-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void write(const fs::path& path, std::string_view content, mode_t mode) {
    std::ofstream(path) << content;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  }
  static mode_t mode_of(const fs::path& path) {
    struct stat facts{};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0);
    return facts.st_mode & 07777;
  }
  [[nodiscard]] std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(FileTest, ReplacesWholeAndPrivate) {
  const fs::path path = folder_ / "a";
  write(path, "old and longer", 0644);
  ASSERT_TRUE(replace_file(path, std::string_view("new\0", 4)));
  EXPECT_EQ(read_file(path).value(), std::string("new\0", 4));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileTest, KeepsLargeContent) {
  const std::string content(3'000'001, 'k');
  ASSERT_TRUE(replace_file(folder_ / "a", content));
  EXPECT_EQ(read_file(folder_ / "a").value(), content);
}

TEST_F(FileTest, FailedReplaceLeavesNothingBehind) {
  fs::create_directory(folder_ / "a");
  std::ofstream(folder_ / "a" / "inside") << "x";
  const auto result = replace_file(folder_ / "a", "text");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::file_error);
  EXPECT_EQ(entries(), 1);
  EXPECT_FALSE(replace_file(folder_ / "none" / "a", "text"));
}

TEST_F(FileTest, ErrorsNameThePathAndTheReason) {
  const auto result = read_file(folder_ / "missing");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::file_error);
  EXPECT_NE(result.error().text().find((folder_ / "missing").string()), std::string_view::npos);
  EXPECT_NE(result.error().text().find("No such file"), std::string_view::npos);
}

TEST_F(FileTest, ReadsNoMoreThanAllowed) {
  write(folder_ / "a", "12345", 0600);
  EXPECT_TRUE(read_file(folder_ / "a", 5));
  const auto result = read_file(folder_ / "a", 4);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().text().find("larger than 4 bytes"), std::string_view::npos);
  EXPECT_FALSE(read_file(folder_));
}

TEST_F(FileTest, AFullDiskIsToldApart) {
  // Linux has a device that answers ENOSPC to every write.
  const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const auto result = write_all(fd, "x", "/dev/full");
  ::close(fd);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::store_full);
}

TEST_F(FileTest, MakesAPrivateFolder) {
  const fs::path path = folder_ / "x" / "y";
  ASSERT_TRUE(prepare_private_folder(path));
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_EQ(mode_of(folder_ / "x"), 0700U);
  EXPECT_TRUE(prepare_private_folder(path));
  EXPECT_TRUE(prepare_private_folder(folder_ / "z" / ""));
}

TEST_F(FileTest, RefusesAFolderThatOthersCanEnter) {
  for (const mode_t mode : {0750U, 0701U, 0770U, 0755U, 0777U, 0704U, 0720U}) {
    ASSERT_EQ(::chmod(folder_.c_str(), mode), 0);
    const auto result = prepare_private_folder(folder_);
    ASSERT_FALSE(result) << mode;
    EXPECT_EQ(result.error().code, Code::data_folder_unsafe);
    EXPECT_NE(result.error().next_step().find("chmod 700"), std::string_view::npos);
  }
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
  EXPECT_TRUE(prepare_private_folder(folder_));
}

TEST_F(FileTest, RefusesAnythingButAFolder) {
  write(folder_ / "a", "x", 0600);
  ASSERT_FALSE(prepare_private_folder(folder_ / "a"));
  EXPECT_EQ(prepare_private_folder(folder_ / "a").error().code, Code::file_error);
  EXPECT_FALSE(prepare_private_folder(folder_ / "a" / "b"));
}

TEST_F(FileTest, RefusesAFileOrFolderOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only the superuser can give files away";
  write(folder_ / "a", "x", 0600);
  ASSERT_EQ(::chown((folder_ / "a").c_str(), 65534, 65534), 0);
  ASSERT_FALSE(require_private_file(folder_ / "a"));
  ASSERT_EQ(::chown(folder_.c_str(), 65534, 65534), 0);
  const auto result = prepare_private_folder(folder_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::data_folder_unsafe);
}

TEST_F(FileTest, RefusesAFileThatOthersCanRead) {
  const fs::path path = folder_ / "a";
  EXPECT_TRUE(require_private_file(path));
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0644U}) {
    write(path, "x", mode);
    const auto result = require_private_file(path);
    ASSERT_FALSE(result) << mode;
    EXPECT_EQ(result.error().code, Code::data_folder_unsafe);
  }
  write(path, "x", 0600);
  EXPECT_TRUE(require_private_file(path));
}

}  // namespace
}  // namespace kronborg::base

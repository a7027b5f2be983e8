#include "keyholder/staged_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "keyholder/content.h"
#include "keyholder/fixture_test.h"

namespace kronborg::keyholder {
namespace {

using Names = std::vector<std::string>;

class StagedFilesTest : public testing::Test {
 protected:
  void stage(StagedFiles& staged, const std::filesystem::path& path, std::string_view content,
             Existing existing) {
    const auto fd = staged.add(path, existing);
    ASSERT_TRUE(fd) << fd.error().text();
    ASSERT_TRUE(write_content(*fd, content, "it"));
  }
  TemporaryFolder folder;
  std::filesystem::path a = folder.path() / "a";
  std::filesystem::path b = folder.path() / "b";
};

TEST_F(StagedFilesTest, NothingIsThereBeforeAndTheTemporariesGoAway) {
  {
    StagedFiles staged;
    stage(staged, a, "new", Existing::refuse);
    EXPECT_FALSE(std::filesystem::exists(a));
  }
  EXPECT_EQ(names_in(folder.path()), Names{});
}

TEST_F(StagedFilesTest, AllGetTheirNames) {
  write_private(b, "old b");
  StagedFiles staged;
  stage(staged, a, "new a", Existing::replace);
  stage(staged, b, "new b", Existing::replace);
  ASSERT_TRUE(staged.commit());
  EXPECT_EQ(names_in(folder.path()), (Names{"a", "b"}));
  EXPECT_EQ(content_of(a), "new a");
  EXPECT_EQ(content_of(b), "new b");
  struct stat facts{};
  ASSERT_EQ(::stat(a.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
}

TEST_F(StagedFilesTest, WhatIsPlacedButNotKeptGoesBack) {
  write_private(b, "old b");
  {
    StagedFiles staged;
    stage(staged, a, "new a", Existing::replace);
    stage(staged, b, "new b", Existing::replace);
    ASSERT_TRUE(staged.place());
    EXPECT_EQ(content_of(a), "new a");
    EXPECT_EQ(content_of(b), "new b");
  }
  EXPECT_EQ(names_in(folder.path()), Names{"b"});
  EXPECT_EQ(content_of(b), "old b");
}

TEST_F(StagedFilesTest, AnotherProcessUndoesOrFinishesWhatWasLeft) {
  write_private(b, "old b");
  for (const bool placed : {false, true}) {
    StagedFiles staged;
    stage(staged, a, "new a", Existing::replace);
    stage(staged, b, "new b", Existing::replace);
    const auto described = staged.described();
    if (placed) ASSERT_TRUE(staged.place());
    staged.leave();
    EXPECT_EQ(names_in(folder.path()).size(), 3U);
    undo_placement(described);
    EXPECT_EQ(names_in(folder.path()), Names{"b"});
    EXPECT_EQ(content_of(b), "old b");
    undo_placement(described);
    EXPECT_EQ(content_of(b), "old b") << "twice is once";
  }
  StagedFiles staged;
  stage(staged, a, "new a", Existing::replace);
  stage(staged, b, "new b", Existing::replace);
  const auto described = staged.described();
  ASSERT_TRUE(staged.place());
  staged.leave();
  finish_placement(described);
  EXPECT_EQ(names_in(folder.path()), (Names{"a", "b"}));
  EXPECT_EQ(content_of(b), "new b");
  finish_placement(described);
  EXPECT_EQ(content_of(b), "new b");
}

TEST_F(StagedFilesTest, StraysOfADeadProcessAreRemovedAndNothingElse) {
  write_private(a, "old a");
  write_private(folder.path() / "a.backup", "somebody's own");
  write_private(folder.path() / "a.kronborg-new-mine-here", "somebody's own");
  StagedFiles staged;
  stage(staged, a, "new a", Existing::replace);
  stage(staged, b, "new b", Existing::replace);
  staged.leave();
  ASSERT_EQ(names_in(folder.path()).size(), 5U);
  remove_strays(a);
  remove_strays(b);
  EXPECT_EQ(names_in(folder.path()), (Names{"a", "a.backup", "a.kronborg-new-mine-here"}));
  EXPECT_EQ(content_of(a), "old a");
}

TEST_F(StagedFilesTest, OneThatAppearedMeanwhileIsNotOverwritten) {
  StagedFiles staged;
  stage(staged, a, "new a", Existing::refuse);
  stage(staged, b, "new b", Existing::refuse);
  write_private(b, "of somebody else");
  EXPECT_EQ(code_of(staged.commit()), "identity_exists");
  EXPECT_EQ(content_of(b), "of somebody else");
  EXPECT_FALSE(std::filesystem::exists(a));
}

TEST_F(StagedFilesTest, AFailureAtTheLastPutsTheOthersBack) {
  const std::filesystem::path deep = folder.path() / "deep";
  std::filesystem::create_directory(deep);
  write_private(a, "old a");
  {
    StagedFiles staged;
    stage(staged, a, "new a", Existing::replace);
    stage(staged, b, "new b", Existing::replace);
    stage(staged, deep / "c", "new c", Existing::replace);
    std::filesystem::rename(deep, folder.path() / "moved");
    EXPECT_EQ(code_of(staged.commit()), "file_error");
  }
  EXPECT_EQ(names_in(folder.path()), (Names{"a", "moved"}));
  EXPECT_EQ(content_of(a), "old a");
}

TEST_F(StagedFilesTest, AMissingFolderIsAnError) {
  StagedFiles staged;
  EXPECT_EQ(code_of(staged.add(folder.path() / "none" / "a", Existing::replace)), "file_error");
}

TEST(Content, AFullDiskIsNamed) {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full.valid());
  EXPECT_EQ(code_of(write_content(full.get(), "x", "the keystore")), "store_full");
}

TEST(Content, MoreThanTheLimitIsNotRead) {
  const Descriptor endless(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(endless.valid());
  EXPECT_EQ(code_of(read_content(endless.get(), max_keystore_bytes, "the keystore")), "file_error");
}

}  // namespace
}  // namespace kronborg::keyholder

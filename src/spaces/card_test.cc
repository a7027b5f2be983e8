#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "spaces/invitation.h"
#include "spaces/joining_test.h"

namespace kronborg::spaces {
namespace {

using CardTest = JoiningTest;

constexpr std::string_view walk_key =
    "ed090dd5e56472b0dec09bc0999ea6eeb58c61c261ff9a159b68e39bbf1c25b9";

Space walk_space() {
  Space space;
  space.id = "ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f";
  space.name = "Licence renewal 2027";
  space.description = "Agree price and term for the 2027 licence.";
  return space;
}

Invitation walk_invitation() {
  Invitation invitation;
  invitation.expires_at_ms = test_time_ms + 2'000 + 86'400'000;
  invitation.max_uses = 5;
  invitation.requires_approval = true;
  return invitation;
}

/// The cell behind a name.
std::string cell(const std::string& card, std::string_view name) {
  const auto row = card.find("| " + std::string(name) + " | ");
  if (row == std::string::npos) return "none";
  const auto start = row + name.size() + 5;
  return card.substr(start, card.find(" |\n", start) - start);
}

TEST_F(CardTest, IsThatOfTheWalkThrough) {
  // Step 3 of docs/protocol/examples/space-walk.http.
  std::ifstream file(KRONBORG_SOURCE_DIR "/tests/vectors/spaces/invitation_card.md");
  const std::string expected((std::istreambuf_iterator<char>(file)), {});
  ASSERT_EQ(expected.size(), 1636U);  // its Content-Length there
  EXPECT_EQ(card(walk_invitation(), walk_space(), walk_key, parts()), expected);
}

TEST_F(CardTest, SaysWhatAnObserverGetsAndThatNobodyDecides) {
  Invitation invitation = walk_invitation();
  invitation.key_type = KeyType::observer;
  invitation.requires_approval = false;
  invitation.uses = 4;
  const std::string text = card(invitation, walk_space(), walk_key, parts());
  EXPECT_EQ(cell(text, "You will be"), "observer: read only");
  EXPECT_EQ(cell(text, "Approval"), "none: a join is answered with a key at once");
  EXPECT_EQ(cell(text, "Invitation ends"), "2026-11-03T09:00:02.000Z, or after 1 more join");
  EXPECT_EQ(cell(text, "Proof"), "none");
}

TEST_F(CardTest, TellsThatAProofIsNeeded) {
  Space space = walk_space();
  space.require_verified = true;
  const std::string text = card(walk_invitation(), space, walk_key, parts());
  EXPECT_NE(
      cell(text, "Proof")
          .find("https://kronborg.example/oresundspace/space/" + space.id + "/identity/challenge"),
      std::string::npos);
}

TEST_F(CardTest, NothingInTheWordsOfTheOwnerIsMarkup) {
  Space space = walk_space();
  space.name = "a|b `c` <script>x</script> &amp; [y](javascript:z) *d* _e_ ~f~ \\";
  space.description =
      "one\r\n\r\n## 1. Join\n| x | y |\t https://evil.example www.evil.example a@b.example "
      "\u202Eturned";
  const std::string text = card(walk_invitation(), space, walk_key, parts());
  EXPECT_EQ(cell(text, "Name (words of the owner)"),
            "a\\|b \\`c\\` \\<script\\>x\\</script\\> \\&amp; \\[y\\](javascript:z) "
            "\\*d\\* \\_e\\_ \\~f\\~ \\\\");
  EXPECT_EQ(cell(text, "Description (words of the owner)"),
            "one ## 1. Join \\| x \\| y \\| https\\://evil.example www\\.evil.example "
            "a\\@b.example turned");
}

TEST_F(CardTest, AnEmptyDescriptionHasNoRow) {
  Space space = walk_space();
  space.description = " \n";
  const std::string text = card(walk_invitation(), space, walk_key, parts());
  EXPECT_EQ(cell(text, "Description (words of the owner)"), "none");
}

}  // namespace
}  // namespace kronborg::spaces

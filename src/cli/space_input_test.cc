#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/space_events.h"
#include "cli/space_export.h"
#include "cli/space_link.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

const std::string id = "ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f";
const std::string secret(64, 'e');

TEST(InvitationLinks, AreReadInBothForms) {
  // The forms of docs/protocol/spaces.md section 5.1.
  for (const std::string& text :
       {"https://kronborg.example/space/" + id + "/" + secret + "/.well-known/agent.md",
        "  https://kronborg.example/join/" + id + "#" + secret + "\r\n"}) {
    const auto link = parse_invitation_link(text);
    ASSERT_TRUE(link) << text;
    EXPECT_EQ(link->origin, "https://kronborg.example");
    EXPECT_EQ(link->space_id, id);
    EXPECT_EQ(link->key.reveal(), secret);
  }
}

TEST(InvitationLinks, ThatAreNoneAreRefusedWithoutBeingRepeated) {
  for (const std::string& text :
       {std::string(), secret, "https://kronborg.example/join/" + id,
        "https://kronborg.example/join/" + id + "#" + secret + "0",
        "https://kronborg.example/join/" + id + "/" + secret,
        "https://kronborg.example/space/" + id + "/" + secret,
        "https://kronborg.example/space/" + id + "#" + secret + "/.well-known/agent.md",
        "https://kronborg.example/space/" + id + "/" + std::string(64, 'E') +
            "/.well-known/agent.md",
        "ftp://kronborg.example/join/" + id + "#" + secret, "unix:/x/join/" + id + "#" + secret,
        "https://a@kronborg.example/join/" + id + "#" + secret}) {
    const auto link = parse_invitation_link(text);
    ASSERT_FALSE(link) << text;
    EXPECT_EQ(link.error().text().find("eeee"), std::string::npos);
  }
}

TEST(Servers, AreOverheardWithoutTlsBeyondThisMachine) {
  EXPECT_TRUE(is_overheard("http://192.168.1.7:1337"));
  EXPECT_TRUE(is_overheard("http://localhost.example"));
  for (const char* fine : {"https://192.168.1.7", "http://127.0.0.1:1337", "http://localhost:1337",
                           "http://[::1]:1337", "unix:/run/x.sock"}) {
    EXPECT_FALSE(is_overheard(fine)) << fine;
  }
}

TEST(TextsOfOthers, ReachATerminalWithoutItsOrders) {
  EXPECT_EQ(one_line("a\nb\tc\x1b[2J\n"), "a ⏎ b c\\u{1b}[2J");
  EXPECT_EQ(many_lines("a\n\tb\r\xe2\x80\xae"), "a\n\tb\\u{d}\\u{202e}");
}

TEST(LengthsOfTime, HaveOneUnit) {
  EXPECT_EQ(seconds_of("90s", "--ttl").value(), 90);
  EXPECT_EQ(seconds_of("10m", "--ttl").value(), 600);
  EXPECT_EQ(seconds_of("12h", "--ttl").value(), 43'200);
  EXPECT_EQ(seconds_of("7d", "--ttl").value(), 604'800);
  for (const char* wrong : {"", "7", "d", "-1s", "1 d", "1w", "1d2h", "99999999999999999999d",
                            "999999999999d", "1.5h"}) {
    EXPECT_FALSE(seconds_of(wrong, "--ttl")) << wrong;
  }
}

TEST(Events, AreTheSameHoweverTheyArrive) {
  // The example of docs/protocol/spaces.md section 8.4 in all cuts, and with each line end.
  for (const std::string& end : {std::string("\n"), std::string("\r\n"), std::string("\r")}) {
    std::string stream;
    for (const char* line :
         {"retry: 3000", "", "event: space", "data: {\"action\":\"snapshot\"}", "", ": hb", "",
          "event: message", "id: 7", "data: a", "data: b", "", "event: gone without data", ""}) {
      stream += line + end;
    }
    for (std::size_t size = 1; size <= stream.size(); ++size) {
      EventReader reader;
      std::vector<StreamEvent> seen;
      for (std::size_t at = 0; at < stream.size(); at += size) {
        EXPECT_TRUE(reader.add(std::string_view(stream).substr(at, size), [&](const auto& event) {
          seen.push_back(event);
          return true;
        }));
      }
      ASSERT_EQ(seen.size(), 2U) << size;
      EXPECT_EQ(seen[0].name, "space");
      EXPECT_EQ(seen[0].id, "");
      EXPECT_EQ(seen[0].data, R"({"action":"snapshot"})");
      EXPECT_EQ(seen[1].id, "7");
      EXPECT_EQ(seen[1].data, "a\nb");
      EXPECT_EQ(reader.retry_ms(), 3000);
    }
  }
}

TEST(Exports, AreWholeOnlyWithTheirLastLine) {
  // printf 'a\nb\n' | sha256sum
  const std::string lines = "a\nb\n";
  const std::string end =
      R"({"type":"end","lines":2,"sha256":"911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2"})";
  const auto judged = [](const std::string& text) {
    ExportCheck check;
    for (const char c : text) check.add(std::string_view(&c, 1));
    return check.judge().has_value();
  };
  EXPECT_TRUE(judged(lines + end + "\n"));
  EXPECT_FALSE(judged(lines));
  EXPECT_FALSE(judged(""));
  EXPECT_FALSE(judged(lines + end)) << "half of the last line may be missing";
  EXPECT_FALSE(judged("a\nB\n" + end + "\n"));
  EXPECT_FALSE(judged("a\n" + end + "\n"));
  EXPECT_FALSE(judged(lines + end + "\nmore\n"));
}

}  // namespace
}  // namespace kronborg::cli

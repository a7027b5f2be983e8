#include "cli/space_message.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;

std::string shown_content(const json::value& message) {
  if (flag_of(message, "redacted")) return "(erased)";
  const auto type = raw_of(message, "type");
  const auto content = raw_of(message, "content");
  // A picture that travels in the text is of no use on a terminal.
  if (type == "image" && content.starts_with("data:")) {
    return fmt::format("({}, {} bytes)", one_line(content.substr(5, content.find(';') - 5)),
                       content.size());
  }
  if (type == "text" || type == "system") return std::string(content);
  return fmt::format("({}) {}", one_line(type), content);
}

/// The start of the id comes first, so that no name can pass for another sender.
std::string from(const json::value& message) {
  if (raw_of(message, "type") == "system") return "[system]";
  const auto& sender = inner(message, "sender");
  return fmt::format("[{}] {}", one_line(raw_of(sender, "participantId").substr(0, 6)),
                     one_line(raw_of(sender, "name")));
}

std::string_view mark_of(const json::value& message) {
  return mark(flag_of(inner(message, "sender"), "verified"));
}

void print_line(std::string_view time, std::string_view verified, std::string_view text) {
  fmt::print("{}  {} {}\n", time, verified, text);
}

std::string now_text() { return base::iso_time(base::SystemClock().now_ms()).substr(11, 8); }

void print_live(const json::value& message) {
  const bool late = flag_of(message, "redacted");
  print_line(
      clock_of(message, "timestamp"), mark_of(message),
      late ? fmt::format("{}: (message {} was erased)", from(message), number_of(message, "seq"))
           : fmt::format("{}: {}", from(message), one_line(shown_content(message))));
}

void print_participant(const json::value& data) {
  const auto action = raw_of(data, "action");
  const auto& one = inner(data, "participant");
  const auto who = person(raw_of(one, "name"), raw_of(one, "participantId"));
  const auto proven = mark(flag_of(one, "verified"));
  if (action == "pending") {
    print_line(now_text(), proven, fmt::format("-- {} asks to be let in: approve or deny", who));
  } else if (action == "verified") {
    print_line(now_text(), proven,
               fmt::format("-- {} has proven {}", who, one_line(raw_of(one, "address"))));
  } else if (action == "denied") {
    print_line(now_text(), proven, fmt::format("-- {} was denied", who));
  }
  // The others are told by a message of the system.
}

void print_artifact(const json::value& data) {
  const auto action = raw_of(data, "action");
  if (action == "created" || action == "deleted") return;  // a message of the system says so
  const auto& document = inner(data, "artifact");
  const auto& lock = inner(document, "lock");
  std::string by;
  if (action == "locked") {
    by = " by " + person(raw_of(lock, "lockedByName"), raw_of(lock, "lockedBy")) + ", until " +
         clock_of(lock, "lockExpiresAt");
  } else if (action == "updated") {
    const auto& writer = inner(document, "updatedBy");
    by = fmt::format(" by {}, revision {}",
                     person(raw_of(writer, "name"), raw_of(writer, "participantId")),
                     number_of(document, "revision"));
  }
  print_line(
      now_text(), " ",
      fmt::format("-- document {} {}{}", one_line(raw_of(document, "name")), one_line(action), by));
}

void print_space_event(const json::value& data) {
  const auto action = raw_of(data, "action");
  const auto& space = inner(data, "space");
  if (action == "closing") {
    print_line(now_text(), " ",
               fmt::format("-- the space ends at {}", clock_of(space, "expiresAt")));
  }
}

}  // namespace

void print_message(const json::value& message) {
  auto text = many_lines(shown_content(message));
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    text.replace(at, 1, "\n        ");
  fmt::print("{:>6}  {}  {} {}: {}\n", number_of(message, "seq"), date_of(message, "timestamp"),
             mark_of(message), from(message), text);
}

void print_event(std::string_view event, const json::value& data) {
  if (event == "message") print_live(data);
  if (event == "participant") print_participant(data);
  if (event == "artifact") print_artifact(data);
  if (event == "space") print_space_event(data);
}

}  // namespace kronborg::cli

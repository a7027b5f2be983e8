#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

// Reading what the verbs of `kronborg space` are given, and showing what others wrote.

namespace kronborg::cli {

/// One line: line breaks as " ⏎ ", nothing that a terminal would obey.
std::string one_line(std::string_view text);
/// Line breaks and tabs stay, nothing else that a terminal would obey.
std::string many_lines(std::string_view text);

/// A member as it was sent; "" when it is no string.
std::string_view raw_of(const base::json::value& object, std::string_view member);
/// A member that is an object; null when there is none.
const base::json::value& inner(const base::json::value& object, std::string_view member);
std::int64_t number_of(const base::json::value& object, std::string_view member);
/// HH:MM:SS of a time that the server wrote.
std::string clock_of(const base::json::value& object, std::string_view member);

/// How a participant is told from others of a like name: the name, then the start of its id.
std::string person(std::string_view name, std::string_view participant_id);
/// "✓" where an address was proven; else a space, so that no name can stand in its place.
std::string_view mark(bool verified);

/// "90s", "10m", "12h" or "7d" in seconds. Error: usage.
base::Result<std::int64_t> seconds_of(std::string_view text, std::string_view option);
/// The member is added when the option was given.
base::Result<void> put_seconds(base::json::object& body, std::string_view member,
                               const std::optional<std::string>& text, std::string_view option);
void put_text(base::json::object& body, std::string_view member,
              const std::optional<std::string>& text);
void put_switch(base::json::object& body, std::string_view member,
                const std::optional<std::string>& on_or_off);

/// A file, or standard input when it is "-"; at most `most` bytes. Errors: file_error, usage.
base::Result<std::string> read_input(const std::filesystem::path& file, std::size_t most);

/// The item whose `id` is `wanted` or begins with it, or whose `name` it is when only one has it.
/// `what` names the kind in the error. Error: usage.
base::Result<base::json::value> chosen(const base::json::array& items, std::string_view id,
                                       std::string_view name, std::string_view wanted,
                                       std::string_view what);

/// What the server warns of, on standard error.
void print_warnings(const base::json::value& answer);

}  // namespace kronborg::cli

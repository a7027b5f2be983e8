#include "cli/prompt.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.h"

namespace kronborg::cli {
namespace {

using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t max_secret_bytes = 64U << 10U;

/// Turns echo off for its life.
class NoEcho {
 public:
  NoEcho() {
    changed_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!changed_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool changed_ = false;
};

/// Byte by byte, so that no buffer of the library keeps a copy.
std::string line_from_input(bool whole) {
  std::string line;
  line.reserve(4096);
  char c = 0;
  while (line.size() < max_secret_bytes && read(STDIN_FILENO, &c, 1) == 1) {
    if (c == '\n' && !whole) break;
    line += c;
  }
  return line;
}

base::SecretText as_secret(std::string& text) {
  std::string_view line = text;
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  base::SecretText secret(line);
  base::wipe(text.data(), text.size());
  return secret;
}

Error needs(std::string_view option, std::string_view question) {
  return {Code::not_interactive,
          fmt::format("{} is needed and there is no terminal to ask on", question),
          fmt::format("give it with {}", option)};
}

}  // namespace

bool is_interactive() { return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0; }

Result<base::SecretText> read_secret(const std::optional<std::filesystem::path>& file,
                                     std::string_view question, std::string_view option) {
  if (file && *file != "-") {
    TRY(auto text, base::read_file(*file, max_secret_bytes));
    return as_secret(text);
  }
  if (file) {
    auto text = line_from_input(true);
    return as_secret(text);
  }
  if (!is_interactive()) return needs(option, question);
  fmt::print(stderr, "{}: ", question);
  std::string text;
  {
    const NoEcho silent;
    text = line_from_input(false);
  }
  fmt::print(stderr, "\n");
  return as_secret(text);
}

Result<base::SecretText> read_new_secret(const std::optional<std::filesystem::path>& file,
                                         std::string_view question, std::string_view option) {
  TRY(auto first, read_secret(file, question, option));
  if (file) return first;
  TRY(const auto second, read_secret(file, fmt::format("{} again", question), option));
  if (first.reveal() != second.reveal())
    return Error(Code::usage, "the two are not the same", "try again");
  return first;
}

Result<std::string> read_line(std::string_view question, std::string_view option) {
  if (!is_interactive()) return needs(option, question);
  fmt::print(stderr, "{}: ", question);
  return line_from_input(false);
}

}  // namespace kronborg::cli

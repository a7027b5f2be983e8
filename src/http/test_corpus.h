#pragma once

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// For tests: the files of testdata/http/.
namespace kronborg::http::test {

/// Reads the escapes that testdata/http/refused_heads.txt explains, up to the end of `text` or,
/// inside a repetition, its brace.
inline std::string unescape(std::string_view& text) {
  std::string out;
  while (!text.empty() && text.front() != '}') {
    if (text.front() != '\\') {
      out.push_back(text.front());
      text.remove_prefix(1);
      continue;
    }
    const char kind = text.at(1);
    text.remove_prefix(2);
    switch (kind) {
      case 'r':
        out.push_back('\r');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 's':
        out.push_back(' ');
        break;
      case '0':
        out.push_back('\0');
        break;
      case '\\':
        out.push_back('\\');
        break;
      case 'x':
        out.push_back(static_cast<char>(std::stoi(std::string(text.substr(0, 2)), nullptr, 16)));
        text.remove_prefix(2);
        break;
      case '{': {
        const auto star = text.find('*');
        const int count = std::stoi(std::string(text.substr(0, star)));
        text.remove_prefix(star + 1);
        const auto part = unescape(text);
        text.remove_prefix(1);
        for (int i = 0; i < count; ++i) out += part;
        break;
      }
      default:
        throw std::invalid_argument("unknown escape");
    }
  }
  return out;
}

/// The lines of a file of testdata/http/, without comments and empty ones.
inline std::vector<std::string> corpus_lines(const std::string& name) {
  std::ifstream file(std::string(KRONBORG_SOURCE_DIR) + "/testdata/http/" + name);
  if (!file) throw std::runtime_error("cannot read " + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  }
  return lines;
}

struct Case {
  std::string line;      ///< to name it in a failure
  std::string expected;  ///< the first word, unescaped
  std::string bytes;
};

/// Lines of the form `expected bytes`.
inline std::vector<Case> corpus_cases(const std::string& name) {
  std::vector<Case> cases;
  for (const auto& line : corpus_lines(name)) {
    const auto space = line.find(' ');
    std::string_view expected = std::string_view(line).substr(0, space);
    std::string_view bytes = std::string_view(line).substr(space + 1);
    // A literal brace or one that opens a name stays what it is.
    cases.push_back({line, unescape(expected), {}});
    while (!bytes.empty()) {
      cases.back().bytes += unescape(bytes);
      if (bytes.empty()) break;
      cases.back().bytes.push_back('}');
      bytes.remove_prefix(1);
    }
  }
  return cases;
}

}  // namespace kronborg::http::test

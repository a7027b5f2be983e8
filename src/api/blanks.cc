#include "api/blanks.h"

#include <vector>

namespace kronborg::api {
namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";
// In a link of HTML that was made from Markdown.
constexpr std::string_view encoded_opening = "%7B%7B";
constexpr std::string_view encoded_closing = "%7D%7D";

/// What stands between the braces of a line that holds nothing else; empty: no such line.
std::string_view mark_of(std::string_view line, TextForm form) {
  if (form == TextForm::html && line.starts_with("<p>") && line.ends_with("</p>")) {
    line = line.substr(3, line.size() - 7);
  }
  if (!line.starts_with(opening) || !line.ends_with(closing)) return {};
  const std::string_view mark = line.substr(2, line.size() - 4);
  return mark.find('{') == std::string_view::npos ? mark : std::string_view{};
}

void replace_in(std::string& line, std::string_view begin, std::string_view end,
                const Blanks& blanks, TextForm form) {
  for (std::size_t at = line.find(begin); at != std::string::npos; at = line.find(begin, at)) {
    const std::size_t name_at = at + begin.size();
    const std::size_t name_end = line.find(end, name_at);
    if (name_end == std::string::npos) return;
    const auto found =
        blanks.values.find(std::string_view(line).substr(name_at, name_end - name_at));
    if (found == blanks.values.end()) {
      at = name_end;
      continue;
    }
    const std::string value = form == TextForm::html ? html_escaped(found->second) : found->second;
    line.replace(at, name_end + end.size() - at, value);
    at += value.size();
  }
}

/// Writes the lines that are shown.
class Filler {
 public:
  Filler(const Blanks& blanks, TextForm form) : blanks_(blanks), form_(form) {}

  void take(std::string_view line) {
    const std::string_view mark = mark_of(line, form_);
    if (mark.starts_with("if ")) {
      const bool wanted = !mark.starts_with("if !");
      shown_.push_back(is_shown() && blanks_.on.contains(mark.substr(wanted ? 3 : 4)) == wanted);
      after_mark_ = true;
    } else if (mark == "end" && !shown_.empty()) {
      shown_.pop_back();
      after_mark_ = true;
    } else if (is_shown()) {
      write(line, mark);
    }
  }

  std::string text;

 private:
  [[nodiscard]] bool is_shown() const { return shown_.empty() || shown_.back(); }

  void write(std::string_view line, std::string_view mark) {
    // The empty lines around a mark that went away would double.
    if (after_mark_ && line.empty() && text.ends_with("\n\n")) return;
    after_mark_ = false;
    if (const auto block = blanks_.blocks.find(mark); block != blanks_.blocks.end()) {
      text += block->second;
      return;
    }
    std::string filled(line);
    replace_in(filled, opening, closing, blanks_, form_);
    if (form_ == TextForm::html) {
      replace_in(filled, encoded_opening, encoded_closing, blanks_, form_);
    }
    text += filled;
    text += '\n';
  }

  const Blanks& blanks_;
  TextForm form_;
  std::vector<bool> shown_;
  bool after_mark_ = false;
};

}  // namespace

std::string fill(std::string_view source, const Blanks& blanks, TextForm form) {
  Filler filler(blanks, form);
  while (!source.empty()) {
    const auto end = source.find('\n');
    filler.take(source.substr(0, end));
    source = end == std::string_view::npos ? std::string_view{} : source.substr(end + 1);
  }
  return std::move(filler.text);
}

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace kronborg::api

#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace kronborg::spaces {

/// What is wrong with the form of sanitised HTML, by a reader that knows nothing of how it was
/// made: elements and attributes on the list alone, each closed in its order, at most 64 deep,
/// every value in double quotes, no character that stands for anything but itself. Empty: nothing.
class SanitisedForm {
 public:
  static std::string fault(std::string_view html) {
    SanitisedForm form(html);
    while (!form.rest_.empty() && form.fault_.empty()) form.read();
    if (form.fault_.empty() && !form.open_.empty())
      form.fault_ = "not closed: " + form.open_.back();
    return form.fault_;
  }

 private:
  explicit SanitisedForm(std::string_view html) : rest_(html) {}

  void read() {
    if (rest_.starts_with("</")) return read_end();
    if (rest_.starts_with("<")) return read_start();
    const std::size_t length = std::min(rest_.find('<'), rest_.size());
    check_text(rest_.substr(0, length));
    rest_.remove_prefix(length);
  }

  void read_end() {
    const std::string name(until(">", 2));
    if (open_.empty() || open_.back() != name) {
      fault_ = "closed and not open: " + name;
    } else {
      open_.pop_back();
    }
  }

  void read_start() {
    constexpr std::array<std::string_view, 29> listed = {
        "p",      "br",    "hr",    "h1",    "h2", "h3",   "h4",  "h5",         "h6", "b",
        "strong", "i",     "em",    "u",     "s",  "code", "pre", "blockquote", "ul", "ol",
        "li",     "table", "thead", "tbody", "tr", "th",   "td",  "a",          "img"};
    rest_.remove_prefix(1);
    const std::string name(
        rest_.substr(0, rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789")));
    rest_.remove_prefix(name.size());
    if (std::ranges::find(listed, name) == listed.end()) fault_ = "not on the list: " + name;
    while (fault_.empty() && rest_.starts_with(" ")) {
      rest_.remove_prefix(1);
      const std::string attribute(until("=\"", 0));
      read_value(name, attribute, until("\"", 0));
    }
    if (!rest_.starts_with(">")) {
      fault_ += " the tag goes on: " + std::string(rest_.substr(0, 20));
      return;
    }
    rest_.remove_prefix(1);
    if (name == "br" || name == "hr" || name == "img") return;
    open_.push_back(name);
    if (open_.size() > 64) fault_ = "too deep";
  }

  void read_value(const std::string& tag, const std::string& name, std::string_view value) {
    check_text(value);
    const bool cell = tag == "td" || tag == "th";
    bool good = name == "title";
    if (tag == "a" && name == "href") good = is_link(value);
    if (tag == "a" && name == "rel") good = value == "noopener noreferrer nofollow";
    if (tag == "a" && name == "target") good = value == "_blank";
    if (tag == "img" && name == "src") good = value.starts_with("data:image/");
    if (tag == "img" && name == "alt") good = true;
    if (cell && (name == "colspan" || name == "rowspan"))
      good = value.find_first_not_of("0123456789") == std::string_view::npos;
    if (!good) fault_ = tag + " may not have " + name + "=" + std::string(value);
  }

  static bool is_link(std::string_view value) {
    std::string start(value.substr(0, 8));
    std::ranges::transform(start, start.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return start == "https://" || start.starts_with("mailto:");
  }

  void check_text(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if (c == '<' || c == '>' || (c >= 0 && c < 0x20 && c != '\t' && c != '\n'))
        fault_ = "a character stands bare";
      if (c != '&') continue;
      const std::string_view rest = text.substr(at);
      if (!rest.starts_with("&amp;") && !rest.starts_with("&lt;") && !rest.starts_with("&gt;") &&
          !rest.starts_with("&quot;"))
        fault_ = "an ampersand stands bare";
    }
  }

  /// From `skip` up to the mark, which is passed.
  std::string_view until(std::string_view mark, std::size_t skip) {
    const std::size_t end = rest_.find(mark, skip);
    if (end == std::string_view::npos) {
      fault_ = "no " + std::string(mark);
      rest_ = {};
      return {};
    }
    const std::string_view found = rest_.substr(skip, end - skip);
    rest_.remove_prefix(end + mark.size());
    return found;
  }

  std::string_view rest_;
  std::vector<std::string> open_;
  std::string fault_;
};

}  // namespace kronborg::spaces

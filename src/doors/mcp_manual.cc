#include "doors/mcp_manual.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace kronborg::doors {
namespace {

namespace json = boost::json;
using api::Need;

constexpr std::size_t max_query = 200;
constexpr std::int64_t max_results = 20;
constexpr std::int64_t usual_results = 5;
constexpr std::size_t max_terms = 32;
constexpr std::size_t excerpt_before = 60;  // bytes
constexpr std::size_t excerpt_scalars = 280;
constexpr double heading_weight = 3;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string> words_of(std::string_view text) {
  const std::string lower = base::lower(text);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < lower.size();) {
    std::size_t end = at;
    while (end < lower.size() && is_word(lower[end])) ++end;
    if (end > at) words.push_back(lower.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// "invitation" is found by "invit" and "invitations".
bool fits(const std::string& word, const std::string& term) {
  constexpr std::size_t least = 3;
  if (word == term) return true;
  if (std::min(word.size(), term.size()) < least) return false;
  return word.starts_with(term) || (term.starts_with(word) && term.size() <= word.size() + 2);
}

std::ptrdiff_t count(const std::vector<std::string>& words, const std::string& term) {
  return std::ranges::count_if(words, [&](const std::string& word) { return fits(word, term); });
}

/// One line without runs of white space, around the first term.
std::string excerpt(std::string_view text, const std::vector<std::string>& terms) {
  const std::string lower = base::lower(text);
  std::size_t first = lower.size();
  for (const std::string& term : terms) first = std::min(first, lower.find(term));
  std::size_t start = first == lower.size() || first < excerpt_before ? 0 : first - excerpt_before;
  // Not inside a word, so not inside a character either.
  while (start > 0 && start < text.size() && text[start - 1] != ' ' && text[start - 1] != '\n')
    ++start;
  std::string line;
  for (const char c : text.substr(std::min(start, text.size()))) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  if (base::scalar_count(line) <= excerpt_scalars) return line;
  return std::string(base::first_scalars(line, excerpt_scalars)) + "…";
}

}  // namespace

Manual::Manual(DocPages pages, std::string_view origin)
    : pages_(std::move(pages)), origin_(origin) {
  for (std::size_t page = 0; page < pages_.size(); ++page) add_sections(page);
}

void Manual::add_sections(std::size_t page) {
  const std::string_view markdown = pages_[page].second;
  Section section;
  section.page = page;
  section.heading = pages_[page].first;
  const auto close = [&] {
    section.words = words_of(section.text);
    section.heading_words = words_of(section.heading);
    if (!section.words.empty()) sections_.push_back(section);
    section.text.clear();
  };
  bool in_code = false;
  for (std::size_t at = 0; at < markdown.size();) {
    const std::size_t end = std::min(markdown.find('\n', at), markdown.size());
    const std::string_view line = markdown.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("```")) in_code = !in_code;
    const auto level = line.find_first_not_of('#');
    if (!in_code && level != 0 && level != std::string_view::npos && line[level] == ' ') {
      close();
      section.heading = line.substr(level + 1);
    } else {
      section.text.append(line).append("\n");
    }
  }
  close();
}

std::string Manual::url(std::size_t page) const {
  return origin_ + "/docs/" + pages_[page].first + ".md";
}

double Manual::score(const Section& section, const std::vector<std::string>& terms,
                     const std::vector<double>& rarity) const {
  double sum = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const auto found = static_cast<double>(count(section.words, terms[i]));
    const auto named = static_cast<double>(count(section.heading_words, terms[i]));
    sum += rarity[i] * (found / (found + 1) + heading_weight * named / (named + 1));
  }
  return sum;
}

base::Result<json::object> Manual::search(api::Members& arguments,
                                          std::vector<api::Warning>& warnings) const {
  const auto query = arguments.line("query", max_query, Need::required);
  const auto limit = arguments.integer("limit", 1, max_results, Need::optional);
  TRY_VOID(arguments.finish(warnings));
  std::vector<std::string> terms = words_of(*query);
  if (terms.size() > max_terms) terms.resize(max_terms);

  std::vector<double> rarity;
  for (const std::string& term : terms) {
    const auto holders = std::ranges::count_if(sections_, [&](const Section& section) {
      return count(section.words, term) + count(section.heading_words, term) > 0;
    });
    rarity.push_back(
        std::log(1 + static_cast<double>(sections_.size()) / (1 + static_cast<double>(holders))));
  }
  // The negative points sort the best first, the index keeps the order of the manual.
  std::vector<std::pair<double, std::size_t>> found;
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const double points = score(sections_[i], terms, rarity);
    if (points > 0) found.emplace_back(-points, i);
  }
  std::ranges::sort(found);

  json::array results;
  for (const auto& [points, index] : found) {
    if (std::cmp_equal(results.size(), limit.value_or(usual_results))) break;
    const Section& section = sections_[index];
    results.push_back(json::object{{"page", pages_[section.page].first},
                                   {"heading", section.heading},
                                   {"excerpt", excerpt(section.text, terms)},
                                   {"url", url(section.page)}});
  }
  return json::object{{"results", std::move(results)}};
}

base::Result<json::object> Manual::read(api::Members& arguments,
                                        std::vector<api::Warning>& warnings) const {
  std::vector<std::string_view> names;
  for (const auto& [name, markdown] : pages_) names.emplace_back(name);
  const auto wanted = arguments.one_of("page", names, Need::required);
  TRY_VOID(arguments.finish(warnings));
  const auto page = std::ranges::find(names, *wanted) - names.begin();
  return json::object{{"page", *wanted},
                      {"url", url(static_cast<std::size_t>(page))},
                      {"content", pages_[static_cast<std::size_t>(page)].second}};
}

}  // namespace kronborg::doors

#include "api/accept.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace kronborg::api {
namespace {

constexpr std::string_view problem_type = "application/problem+json";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view cut_before(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return trimmed(part);
}

/// `0.8` is 800; what is not a weight counts as 1.
int weight(std::string_view text) {
  double value = 1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<int>(std::clamp(value, 0.0, 1.0) * 1000 + 0.5);
}

/// 3: the type itself, 2: `type/*`, 1: `*/*`, 0: does not fit.
int fit(std::string_view range, std::string_view media_type) {
  if (base::equal_ignoring_case(range, media_type)) return 3;
  if (range == "*/*") return 1;
  if (!range.ends_with("/*")) return 0;
  const auto slash = media_type.find('/') + 1;
  return base::equal_ignoring_case(range.substr(0, range.size() - 1), media_type.substr(0, slash))
             ? 2
             : 0;
}

struct Wanted {
  int fit = 0;
  int weight = 0;
};

Wanted wanted(std::string_view accept, std::string_view media_type) {
  Wanted best;
  while (!accept.empty()) {
    std::string_view range = cut_before(accept, ',');
    const std::string_view type = cut_before(range, ';');
    int q = 1000;
    while (!range.empty()) {
      const std::string_view parameter = cut_before(range, ';');
      if (parameter.starts_with("q=") || parameter.starts_with("Q="))
        q = weight(parameter.substr(2));
    }
    if (const int how = fit(type, media_type); how > best.fit) best = {.fit = how, .weight = q};
  }
  return best;
}

}  // namespace

int accept_weight(std::string_view accept, std::string_view media_type) {
  if (trimmed(accept).empty()) return 1000;
  return wanted(accept, media_type).weight;
}

bool prefers_problem(std::string_view accept) {
  const Wanted problem = wanted(accept, problem_type);
  return problem.fit == 3 && problem.weight > 0 &&
         problem.weight >= wanted(accept, "application/json").weight;
}

}  // namespace kronborg::api

#include "sql/session.h"

#include <fmt/format.h>

#include <exception>
#include <string>
#include <utility>

#include "base/text.h"

namespace kronborg::sql {

namespace {

bool storable(const Value& value) {
  const auto* text = std::get_if<std::string>(&value.get());
  return text == nullptr || (text->find('\0') == std::string::npos && base::is_utf8(*text));
}

}  // namespace

base::Result<Answer> Session::run(Text sql, std::vector<Value> parameters) {
  if (doom_) return *doom_;
  if (parameters.size() != sql.parameters()) {
    doom_.emplace(base::Code::internal_error,
                  fmt::format("A statement with {} parameters was given {}.", sql.parameters(),
                              parameters.size()));
    return *doom_;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!storable(parameters[i])) {
      doom_.emplace(base::Code::internal_error,
                    fmt::format("Parameter ${} is not UTF-8 text without U+0000.", i + 1));
      return *doom_;
    }
  }
  auto answer = connection_.run(sql.view(), parameters);
  if (!answer) doom_ = answer.error();
  return answer;
}

void Session::on_commit(std::function<void()> publish) {
  publications_.push_back(std::move(publish));
}

base::Result<void> Session::perform(const Work& work) {
  try {
    TRY_VOID(work(*this));
  } catch (const std::exception& thrown) {
    return base::Error(
        base::Code::internal_error,
        fmt::format("The server failed inside a transaction; nothing was changed: {}",
                    base::printable(thrown.what())));
  } catch (...) {
    return base::Error(base::Code::internal_error,
                       "The server failed inside a transaction; nothing was changed.");
  }
  if (doom_) return *doom_;
  return {};
}

}  // namespace kronborg::sql

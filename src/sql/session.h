#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "sql/connection.h"

namespace kronborg::sql {

/// The transaction that a work sees: the rules both drivers share, before a statement reaches one.
class Session final : public Transaction {
 public:
  explicit Session(Connection& connection) : connection_(connection) {}

  base::Result<Answer> run(Text sql, std::vector<Value> parameters) override;
  void on_commit(std::function<void()> publish) override;

  /// Runs the work to its outcome: its own error, that of a failed statement which it passed over,
  /// or internal_error when it throws.
  base::Result<void> perform(const Work& work);

  [[nodiscard]] std::vector<std::function<void()>> take_publications() {
    return std::move(publications_);
  }

 private:
  Connection& connection_;
  std::optional<base::Error> doom_;
  std::vector<std::function<void()>> publications_;
};

}  // namespace kronborg::sql

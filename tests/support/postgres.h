#pragma once

#include <string>

#include "support/temporary_folder.h"

namespace kronborg::support {

/// A real PostgreSQL server of its own, on a Unix socket in a temporary folder; it ends with the
/// test process at the latest. Throws std::runtime_error when something fails.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();

  /// Makes an empty database; its URL.
  std::string new_database();
  /// Runs SQL as the superuser; the first column of the first row, or nothing.
  std::string run(const std::string& url, const std::string& sql);

  /// As a crash: connections break, nothing is finished.
  void stop();
  void start();

  [[nodiscard]] std::string url(const std::string& database) const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  int databases_ = 0;
};

}  // namespace kronborg::support

#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/server.h"

namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog

namespace kronborg::app {

/// Text without what looks like a credential: runs of 64 hexadecimal digits, `osp_`, `kb?_` and
/// `osk-v1.` tokens keep four characters (docs/protocol/http.md section 15).
std::string scrub(std::string_view text);

/// The log of the process, on standard error. Lines are written by a thread of its own, so that no
/// event loop waits for a terminal. Thread-safe.
class Log {
 public:
  /// `format`: text, json or auto; `level`: debug, info, warn, error. Error: config_invalid.
  static base::Result<std::unique_ptr<Log>> open(const std::string& format,
                                                 const std::string& level, bool access);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void debug(std::string_view message) { write("debug", message); }
  void info(std::string_view message) { write("info", message); }
  void warn(std::string_view message) { write("warn", message); }
  void error(std::string_view message) { write("error", message); }

  [[nodiscard]] bool logs_access() const { return access_; }
  void access(const http::AccessRecord& record);

 private:
  Log(std::shared_ptr<spdlog::details::thread_pool> writer, std::shared_ptr<spdlog::logger> logger,
      bool json, bool access);
  void write(std::string_view level, std::string_view message);

  std::shared_ptr<spdlog::details::thread_pool> writer_;  ///< writes what is queued before it ends
  std::shared_ptr<spdlog::logger> logger_;
  bool json_;
  bool access_;
};

}  // namespace kronborg::app

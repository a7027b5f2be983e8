#include "app/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

namespace kronborg::app {
namespace {

constexpr std::size_t queued_lines = 8192;
constexpr std::size_t kept_characters = 4;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_token(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '.';
}

/// Length of the credential that starts at `text`, or 0.
std::size_t credential_length(std::string_view text) {
  std::size_t hex = 0;
  while (hex < text.size() && is_hex(text[hex])) ++hex;
  if (hex >= 64) return hex;
  const bool prefixed = text.starts_with("osk-v1.") || text.starts_with("osp_") ||
                        (text.size() > 4 && text.starts_with("kb") && text[3] == '_');
  if (!prefixed) return 0;
  std::size_t length = 0;
  while (length < text.size() && is_token(text[length])) ++length;
  return length;
}

spdlog::level::level_enum level_named(std::string_view name) {
  if (name == "debug") return spdlog::level::debug;
  if (name == "warn") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  return spdlog::level::info;
}

}  // namespace

std::string scrub(std::string_view text) {
  std::string clean;
  bool at_start = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = at_start ? credential_length(text.substr(i)) : 0;
    if (length > 0) {
      clean += text.substr(i, kept_characters);
      clean += "...";
      i += length;
      continue;
    }
    at_start = !is_token(text[i]) || text[i] == '.';
    clean += text[i++];
  }
  return clean;
}

base::Result<std::unique_ptr<Log>> Log::open(const std::string& format, const std::string& level,
                                             bool access) {
  if (format != "auto" && format != "text" && format != "json") {
    return base::Error(base::Code::config_invalid, "log.format must be text, json or auto");
  }
  if (level != "debug" && level != "info" && level != "warn" && level != "error") {
    return base::Error(base::Code::config_invalid, "log.level must be debug, info, warn or error");
  }
  const bool json = format == "json" || (format == "auto" && isatty(STDERR_FILENO) == 0);
  auto writer = std::make_shared<spdlog::details::thread_pool>(queued_lines, 1);
  auto logger = std::make_shared<spdlog::async_logger>(
      "kronborg", std::make_shared<spdlog::sinks::stderr_sink_mt>(), writer,
      spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("%v");
  logger->set_level(level_named(level));
  return std::unique_ptr<Log>(new Log(std::move(writer), std::move(logger), json, access));
}

Log::Log(std::shared_ptr<spdlog::details::thread_pool> writer,
         std::shared_ptr<spdlog::logger> logger, bool json, bool access)
    : writer_(std::move(writer)), logger_(std::move(logger)), json_(json), access_(access) {}

Log::~Log() = default;

void Log::write(std::string_view level, std::string_view message) {
  const auto severity = level_named(level);
  if (!logger_->should_log(severity)) return;
  const auto time = base::iso_time(base::SystemClock{}.now_ms());
  const auto clean = scrub(message);
  if (json_) {
    logger_->log(severity, base::to_text(base::json::object{
                               {"time", time}, {"level", level}, {"message", clean}}));
  } else {
    logger_->log(severity, "{} {:<5} {}", time, level, clean);
  }
}

void Log::access(const http::AccessRecord& record) {
  if (!access_ || !logger_->should_log(spdlog::level::info)) return;
  const auto time = base::iso_time(base::SystemClock{}.now_ms());
  if (json_) {
    logger_->log(
        spdlog::level::info,
        R"({{"time":"{}","level":"info","requestId":"{}","source":"{}","method":"{}","route":"{}",)"
        R"("status":{},"bytes":{},"micros":{},"credentialId":"{}"}})",
        time, record.request_id, record.source, record.method, record.route, record.status,
        record.bytes, record.micros, record.credential_id);
  } else {
    logger_->log(spdlog::level::info, "{} info  {} {} {} {} {}B {}us {} {}", time, record.source,
                 record.method, record.route, record.status, record.bytes, record.micros,
                 record.request_id, record.credential_id);
  }
}

}  // namespace kronborg::app

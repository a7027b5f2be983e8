#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/hash.h"

namespace kronborg::cli {

/// Reads an export as it comes and says whether all of it came (docs/protocol/spaces.md section
/// 12): the last line counts the lines before it and carries their SHA-256.
class ExportCheck {
 public:
  void add(std::string_view bytes);
  /// Error: server_unreachable when the end is missing or does not fit.
  [[nodiscard]] base::Result<void> judge() const;
  [[nodiscard]] std::int64_t lines() const { return lines_; }
  [[nodiscard]] const std::string& sha256() const { return promised_; }

 private:
  void take_line();

  crypto::Sha256 hash_;
  std::string line_;
  std::int64_t lines_ = 0;
  std::string promised_;
  bool ended_ = false;
  bool fits_ = false;
};

}  // namespace kronborg::cli

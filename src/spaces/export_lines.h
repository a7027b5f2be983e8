#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/hash.h"
#include "spaces/export.h"

namespace kronborg::spaces {

/// The lines of an export on their way to its sink: counted and hashed.
class ExportLines {
 public:
  explicit ExportLines(const ExportSink& sink) : sink_(sink) {}

  /// One line: `type` in front of the members. Nothing happens once the sink wanted no more.
  void add(std::string_view type, base::json::object members);
  /// The `end` line: how many there were, and SHA-256 over all bytes before it.
  void finish();
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  static constexpr std::size_t piece_bytes = 65'536;

  void append(std::string_view type, base::json::object members);
  /// Piece by piece, as long as at least so many bytes wait.
  void send(std::size_t least);

  const ExportSink& sink_;
  std::string waiting_;
  crypto::Sha256 hash_;
  std::int64_t count_ = 0;
  bool stopped_ = false;
};

}  // namespace kronborg::spaces

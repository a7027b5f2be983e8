#include "cli/space_export.h"

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/json.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

constexpr std::string_view end_start = R"({"type":"end",)";
constexpr std::size_t most_line_bytes = std::size_t{16} << 20U;  // 1 MiB of text, escaped

}  // namespace

void ExportCheck::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const bool whole = end != std::string_view::npos;
    line_.append(bytes.substr(0, whole ? end + 1 : bytes.size()));
    bytes.remove_prefix(whole ? end + 1 : bytes.size());
    if (whole) take_line();
    if (line_.size() > most_line_bytes) line_.clear();  // the sum will not fit
  }
}

void ExportCheck::take_line() {
  if (ended_) {
    fits_ = false;  // nothing may follow
  } else if (line_.starts_with(end_start)) {
    ended_ = true;
    const auto end = base::parse_json(line_);
    if (end) {
      promised_ = raw_of(*end, "sha256");
      const auto counted = number_of(*end, "lines");
      fits_ = promised_ == base::hex(hash_.finish()) && counted == lines_;
    }
  } else {
    hash_.add(base::bytes_of(line_));
    ++lines_;
  }
  line_.clear();
}

base::Result<void> ExportCheck::judge() const {
  if (!ended_ || !line_.empty()) {
    return base::Error(base::Code::server_unreachable, "the export was cut off", "take it again");
  }
  if (fits_) return {};
  return base::Error(base::Code::server_unreachable, "the export was changed on its way",
                     "take it again");
}

}  // namespace kronborg::cli

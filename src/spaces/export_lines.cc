#include "spaces/export_lines.h"

#include <utility>

#include "base/bytes.h"
#include "base/encoding.h"

namespace kronborg::spaces {

void ExportLines::add(std::string_view type, base::json::object members) {
  if (stopped_) return;
  const std::size_t before = waiting_.size();
  append(type, std::move(members));
  hash_.add(base::bytes_of(std::string_view(waiting_).substr(before)));
  ++count_;
  send(piece_bytes);
}

void ExportLines::finish() {
  if (stopped_) return;
  append("end", {{"lines", count_}, {"sha256", base::hex(hash_.finish())}});
  send(1);
}

void ExportLines::append(std::string_view type, base::json::object members) {
  base::json::object line{{"type", type}};
  for (auto& member : members) line.insert_or_assign(member.key(), std::move(member.value()));
  waiting_ += base::to_text(line);
  waiting_ += '\n';
}

void ExportLines::send(std::size_t least) {
  std::size_t sent = 0;
  while (!stopped_ && waiting_.size() - sent >= least) {
    const auto piece = std::string_view(waiting_).substr(sent, piece_bytes);
    stopped_ = !sink_(piece);
    sent += piece.size();
  }
  waiting_.erase(0, sent);
}

}  // namespace kronborg::spaces

// folders: http base
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/parse.h"

namespace {

struct Outcome {
  std::string body;
  std::size_t consumed = 0;
  bool finished = false;
  bool failed = false;
};

Outcome decode(std::string_view input, std::size_t piece_size) {
  Outcome outcome;
  kronborg::http::ChunkedReader reader;
  while (outcome.consumed < input.size() && !outcome.finished) {
    const auto piece = input.substr(outcome.consumed, piece_size);
    const auto step = reader.next(piece);
    if (!step) {
      outcome.failed = true;
      return outcome;
    }
    // Progress on every call, or a caller would never end.
    if (step->consumed == 0 && !step->finished) std::abort();
    outcome.body += step->data;
    outcome.consumed += step->consumed;
    outcome.finished = step->finished;
  }
  return outcome;
}

}  // namespace

/// However the bytes are cut into pieces, the outcome is the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto whole = decode(input, size == 0 ? 1 : size);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}}) {
    const auto pieces = decode(input, piece);
    if (pieces.failed != whole.failed || pieces.body != whole.body ||
        pieces.finished != whole.finished)
      std::abort();
    if (!whole.failed && pieces.consumed != whole.consumed) std::abort();
  }
  if (whole.body.size() > whole.consumed) std::abort();
  return 0;
}

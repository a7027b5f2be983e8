#include <algorithm>

#include "http/characters.h"
#include "http/parse.h"

namespace kronborg::http {

namespace {

constexpr int max_size_digits = 15;
/// Bytes of extensions and trailers that may run ahead of the data they come with.
constexpr std::size_t max_overhead_bytes = 16U << 10U;

bool is_text_byte(char byte) { return is_field_text({&byte, 1}); }

}  // namespace

bool ChunkedReader::count_overhead() { return ++overhead_ <= max_overhead_bytes; }

bool ChunkedReader::after_size(char byte) {
  if (byte == '\r' && digits_ > 0) {
    state_ = State::size_lf;
    return true;
  }
  if (byte == ';' && digits_ > 0) {
    state_ = State::extension;
    return count_overhead();
  }
  const int digit = hex_digit(byte);
  if (digit < 0 || ++digits_ > max_size_digits) return false;
  left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  return true;
}

bool ChunkedReader::trailer_byte(char byte) {
  switch (state_) {
    case State::trailer_start:
      if (byte == '\r') {
        state_ = State::final_lf;
        return true;
      }
      state_ = State::trailer_name;
      return is(token_character, byte) && count_overhead();
    case State::trailer_name:
      if (byte == ':') state_ = State::trailer_value;
      return (byte == ':' || is(token_character, byte)) && count_overhead();
    case State::trailer_value:
      if (byte == '\r') {
        state_ = State::trailer_lf;
        return true;
      }
      return is_text_byte(byte) && count_overhead();
    case State::trailer_lf:
      state_ = State::trailer_start;
      return byte == '\n';
    default:  // final_lf
      state_ = State::done;
      return byte == '\n';
  }
}

bool ChunkedReader::framing_byte(char byte) {
  switch (state_) {
    case State::size:
      return after_size(byte);
    case State::extension:
      if (byte == '\r') {
        state_ = State::size_lf;
        return true;
      }
      return is_text_byte(byte) && count_overhead();
    case State::size_lf:
      state_ = left_ == 0 ? State::trailer_start : State::data;
      return byte == '\n';
    case State::data_cr:
      state_ = State::data_lf;
      return byte == '\r';
    case State::data_lf:
      state_ = State::size;
      digits_ = 0;
      return byte == '\n';
    default:
      return trailer_byte(byte);
  }
}

base::Result<ChunkedReader::Step> ChunkedReader::next(std::string_view input) {
  Step step;
  while (state_ != State::done && step.consumed < input.size()) {
    if (state_ == State::data) {
      step.data = input.substr(step.consumed, left_);
      step.consumed += step.data.size();
      left_ -= step.data.size();
      overhead_ -= std::min(overhead_, step.data.size());
      if (left_ == 0) state_ = State::data_cr;
      return step;
    }
    if (!framing_byte(input[step.consumed])) {
      return base::Error(base::Code::malformed_request, "The chunked body is not well-formed.");
    }
    ++step.consumed;
  }
  step.finished = state_ == State::done;
  return step;
}

}  // namespace kronborg::http

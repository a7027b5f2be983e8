#include "http/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/secret.h"

namespace kronborg::http {

InputBuffer::~InputBuffer() { release(); }

void InputBuffer::note_use() { used_ = std::max(used_, end_); }

void InputBuffer::replace(std::size_t capacity) {
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  const auto kept = unread();
  std::copy(kept.begin(), kept.end(), larger.get());
  if (data_) base::wipe(data_.get(), used_);
  data_ = std::move(larger);
  capacity_ = capacity;
  begin_ = 0;
  end_ = used_ = kept.size();
}

std::span<char> InputBuffer::room(std::size_t smallest, std::size_t largest) {
  note_use();
  if (begin_ == end_) begin_ = end_ = 0;
  if (!data_) {
    replace(smallest);
  } else if (end_ == capacity_) {
    if (begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
      base::wipe(data_.get() + (end_ - begin_), begin_);
      end_ -= begin_;
      begin_ = 0;
    } else if (capacity_ < largest) {
      replace(std::min(capacity_ * 2, largest));
    }
  }
  return {data_.get() + end_, capacity_ - end_};
}

void InputBuffer::wipe(std::string_view part) {
  base::wipe(data_.get() + (part.data() - data_.get()), part.size());
}

void InputBuffer::swap(InputBuffer& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(capacity_, other.capacity_);
  std::swap(begin_, other.begin_);
  std::swap(end_, other.end_);
  std::swap(used_, other.used_);
}

void InputBuffer::release() {
  note_use();
  if (data_) base::wipe(data_.get(), used_);
  data_.reset();
  capacity_ = begin_ = end_ = used_ = 0;
}

}  // namespace kronborg::http

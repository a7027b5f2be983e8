#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace kronborg::http {

/// Bytes read from a connection. They may hold credentials: what is given up is wiped first.
class InputBuffer {
 public:
  InputBuffer() = default;
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer();

  [[nodiscard]] std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  /// Free space behind the unread bytes, never empty while fewer than `largest` are unread. Starts
  /// with `smallest` bytes and doubles. Moves the bytes: views of them end.
  std::span<char> room(std::size_t smallest, std::size_t largest);
  /// So many bytes of the last room() were filled.
  void filled(std::size_t count) { end_ += count; }
  /// So many unread bytes were used; views of them stay valid until the next room() or release().
  void consume(std::size_t count) { begin_ += count; }
  /// Wipes a part of the buffer, given as a view of it.
  void wipe(std::string_view part);
  void swap(InputBuffer& other) noexcept;
  /// Wipes and frees everything.
  void release();

 private:
  void replace(std::size_t capacity);
  void note_use();

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t used_ = 0;  ///< no byte behind this one was ever written
};

}  // namespace kronborg::http

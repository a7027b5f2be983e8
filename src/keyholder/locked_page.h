#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace kronborg::keyholder {

/// Whole pages that are not swapped out (when RLIMIT_MEMLOCK allows), not in a core file, and wiped
/// before they are given back.
class LockedPages {
 public:
  /// Aborts when the kernel has no page to give.
  explicit LockedPages(std::size_t bytes);
  LockedPages(const LockedPages&) = delete;
  LockedPages& operator=(const LockedPages&) = delete;
  ~LockedPages();

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] bool locked() const { return locked_; }
  void wipe();

 private:
  void* data_;
  std::size_t size_;
  bool locked_;
};

/// One T, or none, in locked pages. T keeps its secrets in itself, not behind a pointer.
template <class T>
class LockedSlot {
 public:
  LockedSlot() : pages_(sizeof(T)) {}
  LockedSlot(const LockedSlot&) = delete;
  LockedSlot& operator=(const LockedSlot&) = delete;
  ~LockedSlot() { clear(); }

  void put(T&& value) {
    clear();
    value_ = std::construct_at(static_cast<T*>(pages_.data()), std::move(value));
  }
  void clear() {
    if (value_ == nullptr) return;
    std::destroy_at(std::exchange(value_, nullptr));
    pages_.wipe();
  }
  /// Moves what `other` holds here, also when that is nothing.
  void take(LockedSlot& other) {
    clear();
    if (other.value_ != nullptr) put(std::move(*other.value_));
    other.clear();
  }
  /// nullptr when there is none.
  [[nodiscard]] const T* get() const { return value_; }
  [[nodiscard]] bool locked() const { return pages_.locked(); }

 private:
  LockedPages pages_;
  T* value_ = nullptr;
};

}  // namespace kronborg::keyholder

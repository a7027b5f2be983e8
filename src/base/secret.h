#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace kronborg::base {

/// Overwrites memory in a way that the compiler keeps.
void wipe(void* data, std::size_t size) noexcept;

/// Compares in time that depends on the length only.
bool equal_in_constant_time(std::span<const std::uint8_t> a,
                            std::span<const std::uint8_t> b) noexcept;

/// Fixed-size secret bytes: move-only, wiped at the end and at every move, not printable.
/// `reveal()` is the only door.
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t, N> bytes) {
    for (std::size_t i = 0; i < N; ++i) bytes_[i] = bytes[i];
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept { take(other); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  ~Secret() { wipe(bytes_, N); }

  /// Writes in place, so that no temporary holds the secret.
  [[nodiscard]] std::span<std::uint8_t, N> fill() { return std::span<std::uint8_t, N>(bytes_); }
  [[nodiscard]] std::span<const std::uint8_t, N> reveal() const {
    return std::span<const std::uint8_t, N>(bytes_);
  }
  /// A deliberate second copy, for a place that must own one.
  [[nodiscard]] Secret duplicate() const { return Secret(reveal()); }
  friend bool operator==(const Secret& a, const Secret& b) {
    return equal_in_constant_time(a.bytes_, b.bytes_);
  }

 private:
  void take(Secret& other) noexcept {
    for (std::size_t i = 0; i < N; ++i) bytes_[i] = other.bytes_[i];
    wipe(other.bytes_, N);
  }

  std::uint8_t bytes_[N] = {};
};

/// Secret text of any length (bearer keys, passphrases): one exact heap buffer, never reallocated,
/// wiped at the end. Not a std::string, whose growth leaves copies behind.
class SecretText {
 public:
  SecretText() = default;
  explicit SecretText(std::string_view text);
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  SecretText(SecretText&& other) noexcept;
  SecretText& operator=(SecretText&& other) noexcept;
  ~SecretText();

  [[nodiscard]] std::string_view reveal() const { return {data_.get(), size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] SecretText duplicate() const { return SecretText(reveal()); }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

}  // namespace kronborg::base

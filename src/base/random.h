#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kronborg::base {

/// Randomness as an input. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// getrandom(2); aborts when the kernel has none to give.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// UUID version 4, lower case with hyphens.
std::string uuid4(Random& random);
/// 8-4-4-4-12 hexadecimal digits, any casing and version: what is read as an id (http.md section
/// 5).
bool is_uuid(std::string_view text);

}  // namespace kronborg::base

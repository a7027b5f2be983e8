#include "crypto/p256_scalar.h"

#include <bit>

namespace kronborg::crypto {
namespace {

using Limbs = std::array<std::uint64_t, 4>;  // least significant first
__extension__ using Wide = unsigned __int128;

constexpr Limbs order{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff,
                      0xffffffff00000000};

/// -1/n modulo 2^64: each step of Newton's doubles the bits that are right.
constexpr std::uint64_t minus_inverse_of_order = [] {
  std::uint64_t x = 1;
  for (int i = 0; i < 6; ++i) x *= 2 - order[0] * x;
  return -x;
}();

/// True when something was borrowed: a < b.
bool subtract(Limbs& out, const Limbs& a, const Limbs& b) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const Wide difference = Wide{a[i]} - b[i] - borrow;
    out[i] = static_cast<std::uint64_t>(difference);
    borrow = static_cast<std::uint64_t>(difference >> 64) & 1;
  }
  return borrow != 0;
}

void subtract_modulo(Limbs& a, const Limbs& b) {
  if (!subtract(a, a, b)) return;
  Wide sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    sum += Wide{a[i]} + order[i];
    a[i] = static_cast<std::uint64_t>(sum);
    sum >>= 64;
  }
}

/// 1 <= bits <= 63
void shift(Limbs& a, unsigned bits) {
  for (std::size_t i = 0; i < 3; ++i) a[i] = a[i] >> bits | a[i + 1] << (64 - bits);
  a[3] >>= bits;
}

/// a / 2^bits modulo n: the multiple of n is added that makes the low bits zero.
void divide(Limbs& a, unsigned bits) {
  const std::uint64_t multiple = a[0] * minus_inverse_of_order & ((std::uint64_t{1} << bits) - 1);
  std::array<std::uint64_t, 5> sum{};
  Wide carry = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    carry += Wide{multiple} * order[i] + a[i];
    sum[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  sum[4] = static_cast<std::uint64_t>(carry);
  for (std::size_t i = 0; i < 4; ++i) a[i] = sum[i] >> bits | sum[i + 1] << (64 - bits);
}

/// Makes u odd and keeps coefficient · number = u modulo n.
void make_odd(Limbs& u, Limbs& coefficient) {
  while ((u[0] & 1) == 0) {
    const auto zeros = static_cast<unsigned>(std::countr_zero(u[0] | std::uint64_t{1} << 63));
    shift(u, zeros);
    divide(coefficient, zeros);
  }
}

}  // namespace

// The binary extended Euclidean algorithm: x · number = u and y · number = v modulo n throughout,
// u and v odd; the greatest common divisor is 1 because n is prime.
std::array<std::uint8_t, 32> p256_inverse(std::span<const std::uint8_t, 32> number) {
  Limbs u{};
  for (std::size_t i = 0; i < 32; ++i) {
    u[3 - i / 8] = u[3 - i / 8] << 8 | number[i];
  }
  Limbs v = order;
  Limbs x{1};
  Limbs y{};
  make_odd(u, x);
  while (u != v) {
    Limbs difference{};
    if (!subtract(difference, u, v)) {
      u = difference;
      subtract_modulo(x, y);
      make_odd(u, x);
    } else {
      subtract(v, v, u);
      subtract_modulo(y, x);
      make_odd(v, y);
    }
  }
  std::array<std::uint8_t, 32> out{};
  for (std::size_t i = 0; i < 32; ++i) {
    out[i] = static_cast<std::uint8_t>(x[3 - i / 8] >> (56 - 8 * (i % 8)));
  }
  return out;
}

}  // namespace kronborg::crypto

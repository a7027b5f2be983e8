#include "crypto/keccak.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kronborg::crypto {
namespace {

static_assert(std::endian::native == std::endian::little, "lanes are read as they lie in memory");

constexpr std::size_t rate = 136;
constexpr std::size_t lanes = 25;

using State = std::uint64_t[lanes];

/// FIPS 202 section 3.2.5.
constexpr std::uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

/// chi over one plane: FIPS 202 section 3.2.4.
[[gnu::always_inline]] inline void chi(std::uint64_t* out, std::uint64_t a, std::uint64_t b,
                                       std::uint64_t c, std::uint64_t d, std::uint64_t e) {
  out[0] = a ^ (~b & c);
  out[1] = b ^ (~c & d);
  out[2] = c ^ (~d & e);
  out[3] = d ^ (~e & a);
  out[4] = e ^ (~a & b);
}

/// One round from `a` into `out`: theta, then rho, pi and chi plane by plane, then iota. The lane
/// order of the arguments is pi, the rotation counts are rho (FIPS 202 sections 3.2.1 to 3.2.5).
[[gnu::always_inline]] inline void permute_once(const State& a, State& out,
                                                std::uint64_t constant) {
  using std::rotl;
  const std::uint64_t c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
  const std::uint64_t c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
  const std::uint64_t c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
  const std::uint64_t c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
  const std::uint64_t c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
  const std::uint64_t d0 = c4 ^ rotl(c1, 1);
  const std::uint64_t d1 = c0 ^ rotl(c2, 1);
  const std::uint64_t d2 = c1 ^ rotl(c3, 1);
  const std::uint64_t d3 = c2 ^ rotl(c4, 1);
  const std::uint64_t d4 = c3 ^ rotl(c0, 1);
  chi(out, a[0] ^ d0, rotl(a[6] ^ d1, 44), rotl(a[12] ^ d2, 43), rotl(a[18] ^ d3, 21),
      rotl(a[24] ^ d4, 14));
  out[0] ^= constant;
  chi(out + 5, rotl(a[3] ^ d3, 28), rotl(a[9] ^ d4, 20), rotl(a[10] ^ d0, 3), rotl(a[16] ^ d1, 45),
      rotl(a[22] ^ d2, 61));
  chi(out + 10, rotl(a[1] ^ d1, 1), rotl(a[7] ^ d2, 6), rotl(a[13] ^ d3, 25), rotl(a[19] ^ d4, 8),
      rotl(a[20] ^ d0, 18));
  chi(out + 15, rotl(a[4] ^ d4, 27), rotl(a[5] ^ d0, 36), rotl(a[11] ^ d1, 10),
      rotl(a[17] ^ d2, 15), rotl(a[23] ^ d3, 56));
  chi(out + 20, rotl(a[2] ^ d2, 62), rotl(a[8] ^ d3, 55), rotl(a[14] ^ d4, 39),
      rotl(a[15] ^ d0, 41), rotl(a[21] ^ d1, 2));
}

void permute(State& state) {
  State other;
  for (std::size_t round = 0; round < 24; round += 2) {
    permute_once(state, other, round_constants[round]);
    permute_once(other, state, round_constants[round + 1]);
  }
}

void absorb_block(State& state, const std::uint8_t* block) {
  for (std::size_t i = 0; i < rate / 8; ++i) {
    std::uint64_t lane = 0;
    std::memcpy(&lane, block + 8 * i, 8);
    state[i] ^= lane;
  }
  permute(state);
}

}  // namespace

Digest keccak256(std::initializer_list<base::BytesView> parts) {
  State state{};
  std::uint8_t block[rate];
  std::size_t held = 0;
  for (base::BytesView part : parts) {
    while (!part.empty()) {
      const std::size_t take = std::min(rate - held, part.size());
      std::memcpy(block + held, part.data(), take);
      held += take;
      part = part.subspan(take);
      if (held == rate) {
        absorb_block(state, block);
        held = 0;
      }
    }
  }
  std::memset(block + held, 0, rate - held);
  block[held] = 0x01;
  block[rate - 1] |= 0x80U;
  absorb_block(state, block);
  Digest digest;
  std::memcpy(digest.data(), state, digest.size());
  return digest;
}

}  // namespace kronborg::crypto

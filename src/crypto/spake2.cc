#include "crypto/spake2.h"

#include <secp256k1_ecdh.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "crypto/hash.h"
#include "crypto/secp256k1.h"
#include "crypto/secp256k1_context.h"

namespace kronborg::crypto {
namespace {

/// What cannot fail for values that were checked before.
void must(bool done) {
  if (!done) std::abort();
}

const secp256k1_context* context() { return secp256k1_context_of_process(); }

/// A point that may give a secret away; wiped at the end.
struct Point {
  secp256k1_pubkey value{};
  Point() = default;
  Point(const Point&) = delete;
  Point& operator=(const Point&) = delete;
  ~Point() { base::wipe(&value, sizeof value); }
};

std::array<std::uint8_t, 8> little_endian(std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return bytes;
}

/// The first x = SHA-256(… ‖ ctr) on the curve, with even y.
Spake2Share mask_point(std::string_view label) {
  for (std::uint8_t counter = 0;; ++counter) {
    std::string text = "osaurus-pair-v2:point:";
    text.append(label).append(":");
    text += static_cast<char>(counter);
    Spake2Share share{0x02};
    std::ranges::copy(sha256(base::bytes_of(text)), share.begin() + 1);
    if (read_spake2_share(share)) return share;
    must(counter < 255);
  }
}

/// M masks the phone's share, N the host's.
const Spake2Share& mask_of(Spake2Role role) {
  static const Spake2Share m = mask_point("M");
  static const Spake2Share n = mask_point("N");
  return role == Spake2Role::phone ? m : n;
}

void parse(Point& out, base::BytesView serialized) {
  must(secp256k1_ec_pubkey_parse(context(), &out.value, serialized.data(), serialized.size()) == 1);
}

// The library's only multiplication of any point in constant time is that of its Diffie-Hellman
// function; what it would hash is taken as it is.

int take_uncompressed(unsigned char* out, const unsigned char* x, const unsigned char* y, void*) {
  out[0] = 0x04;
  std::memcpy(out + 1, x, 32);
  std::memcpy(out + 33, y, 32);
  return 1;
}

int take_compressed(unsigned char* out, const unsigned char* x, const unsigned char* y, void*) {
  out[0] = static_cast<unsigned char>(0x02U | (y[31] & 0x01U));
  std::memcpy(out + 1, x, 32);
  return 1;
}

/// scalar · point. Precondition: a scalar of 1..n-1.
void multiply(Point& out, const Point& point, const base::Secret<32>& scalar) {
  base::Secret<65> product;
  must(secp256k1_ecdh(context(), product.fill().data(), &point.value, scalar.reveal().data(),
                      take_uncompressed, nullptr) == 1);
  parse(out, product.reveal());
}

/// a + b; false: the point at infinity.
bool add(Point& out, const Point& a, const Point& b) {
  const std::array<const secp256k1_pubkey*, 2> both{&a.value, &b.value};
  return secp256k1_ec_pubkey_combine(context(), &out.value, both.data(), both.size()) == 1;
}

/// password · mask.
void masked(Point& out, Spake2Role role, const base::Secret<32>& password) {
  Point mask;
  parse(mask, mask_of(role));
  multiply(out, mask, password);
}

/// x·G + w·M; false: the point at infinity.
bool make_share(Spake2Share& out, Spake2Role role, const base::Secret<32>& scalar,
                const base::Secret<32>& password) {
  Point own;
  Point mask;
  Point sum;
  must(secp256k1_ec_pubkey_create(context(), &own.value, scalar.reveal().data()) == 1);
  masked(mask, role, password);
  if (!add(sum, own, mask)) return false;
  std::size_t size = out.size();
  return secp256k1_ec_pubkey_serialize(context(), out.data(), &size, &sum.value,
                                       SECP256K1_EC_COMPRESSED) == 1;
}

/// TT. Never grows, so that it leaves no copies; wiped at the end.
class Transcript {
 public:
  explicit Transcript(std::size_t size) { bytes_.reserve(size); }
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;
  ~Transcript() { base::wipe(bytes_.data(), bytes_.size()); }

  void add_length(std::size_t size) { add_raw(little_endian(size)); }
  void add(base::BytesView part) {
    add_length(part.size());
    add_raw(part);
  }
  [[nodiscard]] base::BytesView bytes() const { return bytes_; }

 private:
  void add_raw(base::BytesView part) {
    must(bytes_.size() + part.size() <= bytes_.capacity());
    bytes_.insert(bytes_.end(), part.begin(), part.end());
  }
  base::Bytes bytes_;
};

Spake2Confirmation confirmation(const base::Secret<32>& seed, std::string_view info,
                                base::BytesView transcript) {
  const auto key = hkdf_sha256(seed.reveal(), {}, base::bytes_of(info));
  return hmac_sha256(key.reveal(), transcript);
}

}  // namespace

base::Secret<32> spake2_password(std::string_view code) {
  const std::string_view label = "osaurus-pair-v2:password:";
  base::Secret<32> password;
  for (std::uint8_t counter = 0;; ++counter) {
    const auto length = little_endian(code.size());
    Sha256 hash;
    hash.add(base::bytes_of(label));
    hash.add(length);
    hash.add(base::bytes_of(code));
    hash.add({&counter, 1});
    auto digest = hash.finish();
    std::ranges::copy(digest, password.fill().begin());
    base::wipe(digest.data(), digest.size());
    if (is_private_key(password.reveal())) return password;
    must(counter < 255);
  }
}

std::optional<Spake2Share> read_spake2_share(base::BytesView bytes) {
  Spake2Share share{};
  secp256k1_pubkey point;
  // The library reads other forms of other lengths and first bytes.
  if (bytes.size() != share.size() || (bytes[0] != 0x02 && bytes[0] != 0x03) ||
      secp256k1_ec_pubkey_parse(context(), &point, bytes.data(), bytes.size()) != 1) {
    return std::nullopt;
  }
  std::ranges::copy(bytes, share.begin());
  return share;
}

Spake2::Spake2(Spake2Role role, base::Secret<32> password, base::Random& random)
    : role_(role), password_(std::move(password)) {
  do {
    random.fill(scalar_.fill());
  } while (!is_private_key(scalar_.reveal()) || !make_share(share_, role_, scalar_, password_));
}

std::optional<Spake2Agreement> Spake2::agree(const Spake2Share& other,
                                             const Spake2Device& device) const {
  const Spake2Role peer = role_ == Spake2Role::phone ? Spake2Role::host : Spake2Role::phone;
  Point theirs;
  Point mask;
  Point unmasked;
  parse(theirs, other);
  masked(mask, peer, password_);
  must(secp256k1_ec_pubkey_negate(context(), &mask.value) == 1);
  if (!add(unmasked, theirs, mask)) return std::nullopt;
  base::Secret<33> shared;
  must(secp256k1_ecdh(context(), shared.fill().data(), &unmasked.value, scalar_.reveal().data(),
                      take_compressed, nullptr) == 1);

  const auto protocol = base::bytes_of("osaurus-pair-v2");
  const std::size_t names = 16 + device.id.size() + device.name.size();
  const bool is_phone = role_ == Spake2Role::phone;
  Transcript transcript(7 * 8 + protocol.size() + names + 3 * share_.size() + 32);
  transcript.add(protocol);
  transcript.add_length(names);
  transcript.add(base::bytes_of(device.id));
  transcript.add(base::bytes_of(device.name));
  transcript.add({});
  transcript.add(is_phone ? share_ : other);
  transcript.add(is_phone ? other : share_);
  transcript.add(shared.reveal());
  transcript.add(password_.reveal());

  auto digest = sha256(transcript.bytes());
  const base::Secret<32> seed{std::span<const std::uint8_t, 32>(digest)};
  base::wipe(digest.data(), digest.size());
  return Spake2Agreement{
      .session = hkdf_sha256(seed.reveal(), {}, base::bytes_of("osaurus-pair-v2:session")),
      .host_confirmation = confirmation(seed, "osaurus-pair-v2:confirm-mac", transcript.bytes()),
      .phone_confirmation =
          confirmation(seed, "osaurus-pair-v2:confirm-phone", transcript.bytes())};
}

}  // namespace kronborg::crypto

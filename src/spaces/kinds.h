#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kronborg::spaces {

/// What a space key may do (docs/protocol/spaces.md section 2). The numbers stand in the store.
enum class KeyType : std::uint8_t { owner = 0, participant = 1, observer = 2, invitation = 3 };

/// `participant` and the like, as on the wire.
std::string_view name_of(KeyType type);
std::optional<KeyType> key_type_named(std::string_view name);

/// A set of key types: who may call a route.
class KeyTypes {
 public:
  constexpr KeyTypes() = default;
  constexpr KeyTypes(std::initializer_list<KeyType> types) {
    for (const KeyType type : types) bits_ |= bit(type);
  }
  [[nodiscard]] constexpr bool has(KeyType type) const { return (bits_ & bit(type)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr std::uint8_t bit(KeyType type) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(type));
  }
  std::uint8_t bits_ = 0;
};

/// Why a key ended (section 11.2). The numbers stand in the store.
enum class KeyEnd : std::uint8_t {
  expired = 0,
  max_uses = 1,
  kicked = 2,
  left = 3,
  rotated = 4,
  revoked = 5,
  revoked_by_holder = 6,
  reissued = 7,
  recovered = 8,
  invitation_revoked = 9,
  invitation_rotated = 10,
};
std::string_view name_of(KeyEnd end);
/// `key_expired` for `expired` and `max_uses`, else `key_revoked`.
std::string_view code_of(KeyEnd end);

/// Why a space ended. The numbers stand in the store.
enum class SpaceEnd : std::uint8_t {
  closed = 0,
  ttl = 1,
  unused = 2,
  ownerless = 3,
  operator_ = 4
};
std::string_view name_of(SpaceEnd end);

/// What an audience may be told (section 8.4): some notices are for the owner alone.
enum class Audience : std::uint8_t { everybody, owner };

}  // namespace kronborg::spaces

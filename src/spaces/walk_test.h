#pragma once

#include "spaces/fixture_test.h"

namespace kronborg::spaces {

// The seller of space-walk.http, steps 21 to 32: ids, address and signatures were made by another
// implementation.
inline constexpr auto walk_space = "ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f";
inline constexpr auto walk_seller = "d9741469-9628-4f1a-ae09-bc1b8921cec8";
inline constexpr auto walk_address = "0x2561ef44A9Df821a95f9Eb83353d809f7DfDfEc6";
inline constexpr auto walk_address_lower = "0x2561ef44a9df821a95f9eb83353d809f7dfdfec6";

/// A space with that id, and a seller with that one.
class WalkTest : public SpacesTest {
 protected:
  void SetUp() override;

  /// personal_sign of the seller's address, or of another one when `secret` is another text.
  static std::string sign(std::string_view message,
                          std::string_view secret = "kronborg-example:seller-address-key");
  /// Puts the address on the participant as a proof leaves it.
  void verify(const Member& who, std::string_view address_lower);

  Member buyer, seller;
};

}  // namespace kronborg::spaces

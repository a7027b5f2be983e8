#include "spaces/walk_test.h"

#include "base/encoding.h"
#include "crypto/hash.h"
#include "identity/signed_message.h"

namespace kronborg::spaces {

void WalkTest::SetUp() {
  SpacesTest::SetUp();
  buyer = open();
  seller = add(buyer, "seller-agent");
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              TRY_VOID(act.run("UPDATE spaces SET id = $1", walk_space));
              TRY_VOID(act.run("UPDATE space_participants SET id = $1 WHERE id = $2", walk_seller,
                               seller.id));
              TRY_VOID(act.run("UPDATE space_keys SET holder = $1 WHERE holder = $2", walk_seller,
                               seller.id));
              return {};
            })),
            "ok");
  buyer.space_id = seller.space_id = walk_space;
  seller.id = walk_seller;
  start();
  parts().feed.subscribe(buyer.space, ears);
  ears.take();
}

std::string WalkTest::sign(std::string_view message, std::string_view secret) {
  const auto digest = crypto::sha256(base::bytes_of(secret));
  const crypto::PrivateKey key(digest);
  return "0x" + base::hex(identity::sign(key, identity::Prefix::ethereum, base::bytes_of(message)));
}

void WalkTest::verify(const Member& who, std::string_view address_lower) {
  ASSERT_EQ(code_of(write([&](Act& act) -> base::Result<void> {
              TRY_VOID(
                  act.run("UPDATE space_participants SET address = $1, verified_at_ms = $2 "
                          "WHERE id = $3",
                          address_lower, act.now_ms, who.id));
              return {};
            })),
            "ok");
}

}  // namespace kronborg::spaces

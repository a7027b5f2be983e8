#include "identity/signed_message.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "base/random.h"
#include "identity/derivation.h"

namespace kronborg::identity {
namespace {

using base::bytes_of;

constexpr Prefix all[] = {Prefix::access,         Prefix::message, Prefix::pairing,
                          Prefix::pairing_server, Prefix::invite,  Prefix::kronborg_invite,
                          Prefix::secure_channel, Prefix::ethereum};

TEST(Envelope, Preimage) {
  EXPECT_EQ(envelope_preimage("Osaurus Signed Access", bytes_of("søm")),
            "\x19Osaurus Signed Access:\n4søm");
  EXPECT_EQ(envelope_preimage("X", {}), "\x19X:\n0");
}

TEST(Envelope, DigestOfThePreimage) {
  for (const Prefix prefix : all) {
    for (const std::size_t size : {0U, 1U, 9U, 10U, 99U, 100U, 1000U}) {
      const std::string payload(size, 'p');
      const std::string preimage = envelope_preimage(prefix_text(prefix), bytes_of(payload));
      EXPECT_EQ(envelope_digest(prefix, bytes_of(payload)), crypto::keccak256(bytes_of(preimage)));
    }
  }
}

// EIP-191 version 0x45, as every Ethereum wallet computes it.
TEST(Envelope, OfEthereum) {
  EXPECT_EQ(base::hex(envelope_digest(Prefix::ethereum, bytes_of("hello"))),
            "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750");
}

TEST(Envelope, PrefixesDiffer) {
  std::set<std::string_view> texts;
  for (const Prefix prefix : all) texts.insert(prefix_text(prefix));
  EXPECT_EQ(texts.size(), std::size(all));
}

TEST(Envelope, ASignatureHoldsForItsPrefixOnly) {
  base::SystemRandom random;
  const crypto::PrivateKey key = new_master_key(random);
  const Address signer = address_of(key);
  for (const Prefix made : all) {
    const crypto::Signature signature = sign(key, made, bytes_of("payload"));
    for (const Prefix read : all) {
      EXPECT_EQ(recover_signer(read, bytes_of("payload"), signature) == signer, made == read)
          << prefix_text(made) << " read as " << prefix_text(read);
    }
  }
}

TEST(Envelope, AnyChangedBitNamesSomeoneElse) {
  base::SystemRandom random;
  const crypto::PrivateKey key = new_master_key(random);
  const Address signer = address_of(key);
  const std::string payload = "{\"aud\":\"x\"}";
  const crypto::Signature signature = sign(key, Prefix::access, bytes_of(payload));
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    std::string changed = payload;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1U << bit % 8);
    EXPECT_NE(recover_signer(Prefix::access, bytes_of(changed), signature), signer) << bit;
  }
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    crypto::Signature changed = signature;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    EXPECT_NE(recover_signer(Prefix::access, bytes_of(payload), changed), signer) << bit;
  }
}

}  // namespace
}  // namespace kronborg::identity

// folders: identity crypto base
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "identity/app_attest.h"
#include "identity/cbor.h"
#include "identity/tpm_structures.h"

namespace {

using namespace kronborg;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_cbor(base::BytesView bytes) {
  identity::CborReader reader(bytes);
  const auto item = reader.item();
  if (!item) return;
  require(item->data() == bytes.data() && item->size() <= bytes.size() && !item->empty());
  require(reader.at_end() == (item->size() == bytes.size()));
  // What was passed over once is passed over again, alone.
  identity::CborReader again(*item);
  require(again.item().has_value() && again.at_end());
}

void read_apple(base::BytesView bytes) {
  static const std::vector<std::string> app_ids{"ABCDE12345.dk.example.kronborg"};
  static const std::vector<identity::AppleEnvironment> environments{
      identity::AppleEnvironment::production};
  constexpr std::array<std::uint8_t, 32> hash{};
  // Nobody can make one that leads to the built-in root.
  require(!identity::verify_attestation(bytes, "", hash,
                                        {.app_ids = app_ids,
                                         .environments = environments,
                                         .root = identity::apple_app_attest_root(),
                                         .at = 1'767'225'600}));
}

void read_tpm(base::BytesView bytes) {
  if (const auto key = identity::read_tpm_public(bytes)) {
    require(key->key.has_value() && key->name[1] == 0x0B && bytes.size() >= 20);
  }
  if (const auto attest = identity::read_tpm_attest(bytes)) {
    require(attest->extra_data.size() <= bytes.size());
  }
  if (const auto signature = identity::read_tpm_signature(bytes)) require(bytes.size() <= 72);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::BytesView bytes(data, size);
  read_cbor(bytes);
  read_apple(bytes);
  read_tpm(bytes);
  return 0;
}

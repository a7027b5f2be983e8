#include "crypto/keccak.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "vectors/rows.h"
#include "vectors/topics.h"

namespace kronborg::vectors {

void check_keccak(const json::object& file) {
  for_each_row(file, "cases", [](const json::object& row) {
    EXPECT_EQ(base::hex(crypto::keccak256(bytes_of(row, "input_hex"))), text_of(row, "digest_hex"));
  });
}

}  // namespace kronborg::vectors

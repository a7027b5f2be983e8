#include "identity/cbor.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace kronborg::identity {
namespace {

base::Bytes hex(std::string_view text) { return base::hex_strict(text).value(); }

/// Whether all of it is one item.
bool is_whole(std::string_view text) {
  const base::Bytes bytes = hex(text);
  CborReader reader(bytes);
  return reader.item().has_value() && reader.at_end();
}

// RFC 8949 appendix A, as far as lengths are definite.
TEST(Cbor, TakesTheItemsOfTheRfc) {
  for (const char* item : {"00",
                           "17",
                           "1818",
                           "1903e8",
                           "1a000f4240",
                           "1b000000e8d4a51000",
                           "1bffffffffffffffff",
                           "20",
                           "3903e7",
                           "c249010000000000000000",
                           "f90000",
                           "fb3ff199999999999a",
                           "fa47c35000",
                           "f4",
                           "f6",
                           "f7",
                           "f0",
                           "f8ff",
                           "c074323031332d30332d32315432303a30343a30305a",
                           "d74401020304",
                           "40",
                           "4401020304",
                           "60",
                           "6449455446",
                           "62c3bc",
                           "64f0908591",
                           "80",
                           "83010203",
                           "8301820203820405",
                           "a0",
                           "a201020304",
                           "a26161016162820203",
                           "826161a161626163"}) {
    EXPECT_TRUE(is_whole(item)) << item;
  }
}

TEST(Cbor, RefusesWhatIsNotWellFormedOrNotDefinite) {
  for (const char* item : {"",
                           "18",
                           "19ff",
                           "1b00000000000000",
                           "1c",
                           "1d",
                           "1e",
                           "1f",
                           "3f",
                           "5f4100ff",
                           "7f6161ff",
                           "9fff",
                           "9f01ff",
                           "bfff",
                           "ff",
                           "41",
                           "4401",
                           "61",
                           "6261",
                           "62c328",
                           "61ff",
                           "81",
                           "8201",
                           "a1",
                           "a101",
                           "c1",
                           "5bffffffffffffffff",
                           "7bffffffffffffffff",
                           "9bffffffffffffffff",
                           "bbffffffffffffffff",
                           "9affffffff00",
                           "f8"}) {
    EXPECT_FALSE(is_whole(item)) << item;
  }
}

TEST(Cbor, GivesOutWhatItWasAskedFor) {
  const base::Bytes map = hex("a3616142010261621affffffff61633affffffff");
  CborReader reader(map);
  EXPECT_EQ(reader.map(), 3U);
  EXPECT_EQ(reader.text(), "a");
  EXPECT_EQ(base::hex(reader.bytes().value()), "0102");
  EXPECT_EQ(reader.text(), "b");
  EXPECT_EQ(reader.integer(), 4'294'967'295);
  EXPECT_EQ(reader.text(), "c");
  EXPECT_FALSE(reader.at_end());
  EXPECT_EQ(reader.integer(), -4'294'967'296);
  EXPECT_TRUE(reader.at_end());
}

TEST(Cbor, RefusesAnotherKindThanItWasAskedFor) {
  const auto none = [](std::string_view item, auto ask) {
    const base::Bytes bytes = hex(item);
    CborReader reader(bytes);
    return !ask(reader).has_value();
  };
  EXPECT_TRUE(none("60", [](CborReader& r) { return r.bytes(); }));
  EXPECT_TRUE(none("40", [](CborReader& r) { return r.text(); }));
  EXPECT_TRUE(none("80", [](CborReader& r) { return r.map(); }));
  EXPECT_TRUE(none("a0", [](CborReader& r) { return r.array(); }));
  EXPECT_TRUE(none("40", [](CborReader& r) { return r.integer(); }));
  EXPECT_TRUE(none("1b0000000100000000", [](CborReader& r) { return r.integer(); }));
  EXPECT_TRUE(none("c100", [](CborReader& r) { return r.integer(); }));
}

TEST(Cbor, GoesEightDeepAndNoDeeper) {
  std::string item = "00";
  for (int depth = 1; depth < CborReader::max_depth; ++depth) item = "81" + item;
  EXPECT_TRUE(is_whole(item));
  EXPECT_FALSE(is_whole("81" + item));
  EXPECT_FALSE(is_whole("d8ff" + item));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "81";
  EXPECT_FALSE(is_whole(deep));
}

}  // namespace
}  // namespace kronborg::identity

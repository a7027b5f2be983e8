#include "base/source_address.h"

#include <gtest/gtest.h>

namespace kronborg::base {
namespace {

TEST(Source, Ipv4IsTheAddressAndIpv6TheNetworkOf64Bits) {
  EXPECT_EQ(source_of("192.0.2.1"), source_of("192.0.2.1"));
  EXPECT_NE(source_of("192.0.2.1"), source_of("192.0.2.2"));
  EXPECT_EQ(source_of("2001:db8::1"), source_of("2001:db8::ffff:2"));
  EXPECT_EQ(source_of("2001:db8::1"), source_of("2001:0DB8:0:0:8000::"));
  EXPECT_NE(source_of("2001:db8::1"), source_of("2001:db8:0:1::1"));
}

TEST(Source, OneAddressHasOneSourceHoweverItIsWritten) {
  EXPECT_EQ(source_of("::ffff:192.0.2.1"), source_of("192.0.2.1"));
  EXPECT_EQ(source_of("fe80::1%eth0"), source_of("fe80::1"));
  // The number of an IPv4 address is not the network of an IPv6 one.
  EXPECT_NE(source_of("0.0.0.0"), source_of("::1"));
}

TEST(Source, WhatIsNoAddressIsOneSource) {
  EXPECT_EQ(source_of(""), source_of("kronborg.sock"));
  EXPECT_NE(source_of(""), source_of("0.0.0.0"));
  EXPECT_NE(source_of(""), source_of("::"));
}

TEST(LocalAddress, TheBlocksAndTheirBorders) {
  for (const char* const local :
       {"127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "172.16.0.0",
        "172.31.255.255", "192.168.0.0", "192.168.255.255", "100.64.0.0", "100.127.255.255",
        "169.254.0.0", "169.254.255.255", "::1", "fc00::", "fdff:ffff::1", "fe80::1", "febf::1",
        "fe80::1%eth0", "::ffff:192.168.1.7"}) {
    EXPECT_TRUE(is_local_address(local)) << local;
  }
  for (const char* const other : {"126.255.255.255",
                                  "128.0.0.0",
                                  "9.255.255.255",
                                  "11.0.0.0",
                                  "172.15.255.255",
                                  "172.32.0.0",
                                  "192.167.255.255",
                                  "192.169.0.0",
                                  "100.63.255.255",
                                  "100.128.0.0",
                                  "169.253.255.255",
                                  "169.255.0.0",
                                  "0.0.0.0",
                                  "::",
                                  "::2",
                                  "fbff::1",
                                  "fe00::1",
                                  "fec0::1",
                                  "2001:db8::1",
                                  "::ffff:8.8.8.8",
                                  "",
                                  "localhost",
                                  "192.168.1.1.1",
                                  "10.1",
                                  "127.0.0.1 "}) {
    EXPECT_FALSE(is_local_address(other)) << other;
  }
}

}  // namespace
}  // namespace kronborg::base

#include <gtest/gtest.h>

#include <string_view>

#include "conformance/crash_writer.h"
#include "conformance/stores.h"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--write") {
    return kronborg::conformance::write_for_ever(argv[2]);
  }
  testing::InitGoogleTest(&argc, argv);
  const int failed = RUN_ALL_TESTS();
  kronborg::conformance::stop_server();
  return failed;
}

#pragma once

#include <string>

namespace kronborg::conformance {

/// Writes numbered pairs of rows from several threads until it is killed, and says each number on
/// standard output once it is acknowledged. Returns when the store fails.
int write_for_ever(const std::string& store);

}  // namespace kronborg::conformance

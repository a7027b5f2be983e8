#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/json.h"
#include "base/random.h"

namespace kronborg::cross {

namespace json = base::json;

/// clients/typescript/test/peer.mjs as a child: one JSON object a line each way.
class Peer {
 public:
  Peer();
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// The answer's `ok`; a failure of the test, and an empty object, for anything else.
  json::object ask(std::string_view what, json::object members);
  /// The answer's `error`; empty when it was done.
  std::string refusal(std::string_view what, json::object members);

 private:
  json::object exchange(std::string_view what, json::object members);
  std::string read_line();

  int to_ = -1, from_ = -1;
  int child_ = -1;
  std::int64_t asked_ = 0;
  std::string read_;
};

/// Random inputs from a seed that a failure prints; keys are drawn from the system.
class CrossTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  static Peer& peer() { return *peer_; }

  CrossTest();

  std::uint64_t below(std::uint64_t end) { return chance_() % end; }
  bool coin() { return below(2) == 0; }
  base::Bytes bytes(std::size_t count);
  std::string hex_digits(std::size_t bytes_count) { return base::hex(bytes(bytes_count)); }
  std::string base64url_text(std::size_t bytes_count) {
    return base::base64url(bytes(bytes_count));
  }
  /// Valid UTF-8 without control characters, with letters beyond ASCII; 1 to `most` characters.
  std::string name(std::size_t most);

  base::SystemRandom random_;

 private:
  static Peer* peer_;
  std::mt19937_64 chance_;
};

/// A text member; empty, and a failure, when there is none.
std::string text_in(const json::object& object, std::string_view name);

/// Of each test; KRONBORG_ROUNDS says another number.
extern const int rounds;

}  // namespace kronborg::cross

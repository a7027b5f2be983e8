#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace kronborg::identity {

/// Reads CBOR (RFC 8949) item by item: definite lengths only, text is valid UTF-8. Allocates
/// nothing; what it gives out are views of the input. After a call that found something else than
/// it was asked for, the reader is of no use.
class CborReader {
 public:
  explicit CborReader(base::BytesView bytes) : bytes_(bytes) {}

  std::optional<std::uint64_t> map();    ///< the number of pairs that follow
  std::optional<std::uint64_t> array();  ///< the number of items that follow
  std::optional<std::string_view> text();
  std::optional<base::BytesView> bytes();
  std::optional<std::int64_t> integer();  ///< of 32 bits and a sign; anything larger is nothing
  /// Passes over one whole item of any kind, at most max_depth deep; its bytes.
  std::optional<base::BytesView> item();

  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

  static constexpr int max_depth = 8;

 private:
  struct Head {
    int major = 0;
    std::uint64_t value = 0;
  };
  std::optional<Head> head();
  std::optional<std::uint64_t> head_of(int major);
  std::optional<base::BytesView> take(std::uint64_t size);
  bool skip(int depth);

  base::BytesView bytes_;
  std::size_t at_ = 0;
};

}  // namespace kronborg::identity

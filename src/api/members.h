#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/faults.h"
#include "api/warnings.h"
#include "base/error.h"
#include "base/result.h"
#include "base/secret.h"
#include "identity/address.h"

namespace kronborg::api {

enum class Need : std::uint8_t { optional, required };

/// Typed reading of the members of one JSON object (docs/protocol/http.md sections 5 and 6): `null`
/// equals absent unless said otherwise. A member that is not read before finish() is unknown and
/// refused.
class Members {
 public:
  /// Errors: invalid_json, duplicate_member; invalid_member with the empty pointer for what is not
  /// an object. An empty body is an empty object.
  static base::Result<Members> read(std::string_view body);
  /// An object that stands inside another one, or came from a door.
  static Members of(boost::json::object object) { return Members(std::move(object)); }

  /// One line: control, bidirectional and line-separating characters refused, ends cut. Lengths in
  /// scalar values.
  std::optional<std::string> line(std::string_view name, std::size_t most, Need need);
  /// The same with TAB, LF and CR.
  std::optional<std::string> free_text(std::string_view name, std::size_t most, Need need);
  /// The same two for a member that may be the empty text; free text keeps its white space.
  std::optional<std::string> line_or_empty(std::string_view name, std::size_t most, Need need);
  std::optional<std::string> text_or_empty(std::string_view name, std::size_t most, Need need);
  /// 0..`most_bytes` bytes of free text, byte for byte.
  std::optional<std::string> content(std::string_view name, std::size_t most_bytes, Need need);
  /// identity.md section 5.4; a fault of its own code, label_invalid.
  std::optional<std::string> label(std::string_view name, Need need);
  /// Given as null: an inner nothing.
  std::optional<std::optional<std::string>> clearable(std::string_view name, std::size_t most);
  std::optional<std::string> one_of(std::string_view name, std::span<const std::string_view> values,
                                    Need need);
  std::optional<std::string> uuid(std::string_view name, Need need);
  /// A fault of its own code, address_invalid.
  std::optional<identity::Address> address(std::string_view name, Need need);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most,
                                      Need need);
  /// 64 bits: an integer up to 2^53-1, or decimal digits as text.
  std::optional<std::uint64_t> counter(std::string_view name, Need need);
  std::optional<bool> flag(std::string_view name);
  /// `true`, `false`, or the one word: as text.
  std::optional<std::string> flag_or(std::string_view name, std::string_view word);
  /// Bytes 1..`most`, any characters; the member's own text is wiped.
  std::optional<base::SecretText> secret(std::string_view name, std::size_t most, Need need);
  /// Text of 1..`most` bytes as it is.
  std::optional<std::string> bytes(std::string_view name, std::size_t most, Need need);

  /// At most `most` different ids, lower case.
  std::optional<std::vector<std::string>> uuids(std::string_view name, std::size_t most);
  /// A nested object, to be read with Members::of and finished by its own reader.
  std::optional<boost::json::object> object(std::string_view name);
  std::optional<boost::json::array> array(std::string_view name, std::size_t most);

  [[nodiscard]] bool has(std::string_view name) const;
  /// Given as null: notes the member as known.
  bool is_null(std::string_view name);
  /// For rules between members.
  void fault(std::string_view name, std::string_view kind, std::string detail);
  void missing(std::string_view name);
  /// Nothing wrong and nothing unread. Errors: unknown_member, missing_member, invalid_member and
  /// those named above, each with `errors`.
  base::Result<void> finish();
  /// The same, but a member that nobody read is a warning.
  base::Result<void> finish(std::vector<Warning>& warnings);
  /// Where the object stands in the body, for its pointers: "/identity".
  void set_place(std::string place) { place_ = std::move(place); }

 private:
  explicit Members(boost::json::object object) : object_(std::move(object)) {}

  /// The member, noted as known; nothing when absent or null.
  boost::json::value* find(std::string_view name, Need need);
  boost::json::string* text(std::string_view name, Need need);
  std::optional<std::string> checked(std::string_view name, std::size_t most, Need need,
                                     bool lines);

  std::optional<std::string> checked_whole(std::string_view name, std::size_t most, Need need,
                                           bool lines);
  [[nodiscard]] std::string pointer(std::string_view name) const;

  std::string place_;
  boost::json::object object_;
  std::vector<std::string_view> known_;  ///< literals of the callers
  Faults faults_;
};

}  // namespace kronborg::api

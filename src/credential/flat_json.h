#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kronborg::credential {

/// One member of a flat object: `raw` is the text of a number or word, `text` the unescaped string.
struct FlatMember {
  enum class Kind : std::uint8_t { string, number, word_true, word_false, word_null };
  std::string_view name;
  Kind kind = Kind::word_null;
  std::string_view text;  ///< string: unescaped; number: as written
};

/// Reads the flat JSON of docs/protocol/identity.md section 1, member by member. Allocates nothing.
/// Strings are views into the text, or into `scratch` when they hold escapes.
class FlatJson {
 public:
  /// `scratch` is at least as long as `text`; both outlive every view given out. `text` is at most
  /// 8 KiB.
  FlatJson(std::string_view text, std::span<std::uint8_t> scratch)
      : text_(text), scratch_(scratch) {}

  /// Calls `take(member)` for each member in order; false as soon as the text breaks a rule, or
  /// when `take` says so. Repeated names break a rule.
  template <class Take>
  bool read(Take&& take) {
    if (!open()) return false;
    FlatMember member;
    while (next(member)) {
      if (!take(member)) return false;
    }
    return complete();
  }

 private:
  bool open();
  bool next(FlatMember& member);
  [[nodiscard]] bool complete();

  void skip_space();
  bool take_character(char expected);
  bool read_string(std::string_view& out);
  bool read_escape();
  bool read_hex4(std::uint32_t& out);
  bool read_value(FlatMember& member);
  bool read_number(std::string_view& out);
  bool read_word(std::string_view word);
  bool new_name(std::string_view name);
  [[nodiscard]] bool names_differ();

  // The shortest member is `"":0,`, so that 8 KiB hold fewer than this.
  static constexpr std::size_t max_members = 1640;
  // Up to here names are compared one by one; beyond, sorted at the end.
  static constexpr std::size_t few_members = 24;

  std::string_view text_;
  std::span<std::uint8_t> scratch_;
  std::size_t at_ = 0;
  std::size_t scratch_used_ = 0;
  std::size_t names_ = 0;
  bool closed_ = false;
  /// Without a constructor, so that the unused rest of the table costs nothing.
  struct Name {
    const char* data;
    std::size_t size;
    [[nodiscard]] std::string_view view() const { return {data, size}; }
  };
  Name seen_[max_members];  // only the first names_ are ever read
};

/// `0` or `[1-9][0-9]*`, at most `max`.
std::optional<std::uint64_t> flat_integer(std::string_view text, std::uint64_t max);

}  // namespace kronborg::credential

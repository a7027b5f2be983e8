#include "credential/flat_json.h"

#include <algorithm>

#include "base/text.h"

namespace kronborg::credential {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t put_utf8(std::uint32_t scalar, std::uint8_t* out) {
  const auto byte = [](std::uint32_t value) { return static_cast<std::uint8_t>(value); };
  if (scalar < 0x80) {
    out[0] = byte(scalar);
    return 1;
  }
  if (scalar < 0x800) {
    out[0] = byte(0xC0 | (scalar >> 6));
    out[1] = byte(0x80 | (scalar & 0x3F));
    return 2;
  }
  if (scalar < 0x10000) {
    out[0] = byte(0xE0 | (scalar >> 12));
    out[1] = byte(0x80 | ((scalar >> 6) & 0x3F));
    out[2] = byte(0x80 | (scalar & 0x3F));
    return 3;
  }
  out[0] = byte(0xF0 | (scalar >> 18));
  out[1] = byte(0x80 | ((scalar >> 12) & 0x3F));
  out[2] = byte(0x80 | ((scalar >> 6) & 0x3F));
  out[3] = byte(0x80 | (scalar & 0x3F));
  return 4;
}

}  // namespace

void FlatJson::skip_space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
    ++at_;
  }
}

bool FlatJson::take_character(char expected) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != expected) return false;
  ++at_;
  return true;
}

bool FlatJson::open() {
  // A byte order mark fails here: it is not white space.
  return base::is_utf8(text_) && take_character('{');
}

bool FlatJson::next(FlatMember& member) {
  if (names_ == 0 && take_character('}')) {
    closed_ = true;
    return false;
  }
  if (names_ > 0) {
    if (take_character('}')) {
      closed_ = true;
      return false;
    }
    if (!take_character(',')) return false;
  }
  if (!take_character('"') || !read_string(member.name) || !new_name(member.name)) return false;
  return take_character(':') && read_value(member);
}

bool FlatJson::complete() {
  if (!closed_) return false;
  skip_space();
  return at_ == text_.size() && names_differ();
}

bool FlatJson::new_name(std::string_view name) {
  if (names_ == max_members) return false;
  if (names_ < few_members) {
    for (std::size_t i = 0; i < names_; ++i) {
      if (seen_[i].view() == name) return false;
    }
  }
  seen_[names_++] = {name.data(), name.size()};
  return true;
}

bool FlatJson::names_differ() {
  if (names_ <= few_members) return true;
  const std::span<Name> names(seen_, names_);
  std::ranges::sort(names, {}, &Name::view);
  return std::ranges::adjacent_find(names, {}, &Name::view) == names.end();
}

bool FlatJson::read_string(std::string_view& out) {
  const std::size_t start = at_;
  while (at_ < text_.size()) {
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '"') {
      out = text_.substr(start, at_++ - start);
      return true;
    }
    if (c < 0x20) return false;
    if (c == '\\') break;
    ++at_;
  }
  const std::size_t first = scratch_used_;
  std::copy(text_.begin() + static_cast<std::ptrdiff_t>(start),
            text_.begin() + static_cast<std::ptrdiff_t>(at_), scratch_.begin() + first);
  scratch_used_ += at_ - start;
  while (at_ < text_.size()) {
    const auto c = static_cast<unsigned char>(text_[at_++]);
    if (c == '"') {
      out = {reinterpret_cast<const char*>(scratch_.data()) + first, scratch_used_ - first};
      return true;
    }
    if (c < 0x20) return false;
    if (c != '\\') {
      scratch_[scratch_used_++] = c;
    } else if (!read_escape()) {
      return false;
    }
  }
  return false;
}

bool FlatJson::read_hex4(std::uint32_t& out) {
  if (text_.size() - at_ < 4) return false;
  out = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text_[at_++];
    std::uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A') + 10;
    } else {
      return false;
    }
    out = out << 4 | digit;
  }
  return true;
}

bool FlatJson::read_escape() {
  if (at_ >= text_.size()) return false;
  const char c = text_[at_++];
  const auto put = [this](char plain) {
    scratch_[scratch_used_++] = static_cast<std::uint8_t>(plain);
    return true;
  };
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return put(c);
    case 'b':
      return put('\b');
    case 'f':
      return put('\f');
    case 'n':
      return put('\n');
    case 'r':
      return put('\r');
    case 't':
      return put('\t');
    case 'u':
      break;
    default:
      return false;
  }
  std::uint32_t scalar = 0;
  if (!read_hex4(scalar)) return false;
  if (scalar >= 0xDC00 && scalar <= 0xDFFF) return false;
  if (scalar >= 0xD800 && scalar <= 0xDBFF) {
    if (text_.size() - at_ < 2 || text_[at_] != '\\' || text_[at_ + 1] != 'u') return false;
    at_ += 2;
    std::uint32_t low = 0;
    if (!read_hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
    scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00);
  }
  scratch_used_ += put_utf8(scalar, scratch_.data() + scratch_used_);
  return true;
}

bool FlatJson::read_value(FlatMember& member) {
  skip_space();
  if (at_ >= text_.size()) return false;
  member.text = {};
  switch (text_[at_]) {
    case '"':
      ++at_;
      member.kind = FlatMember::Kind::string;
      return read_string(member.text);
    case 't':
      member.kind = FlatMember::Kind::word_true;
      return read_word("true");
    case 'f':
      member.kind = FlatMember::Kind::word_false;
      return read_word("false");
    case 'n':
      member.kind = FlatMember::Kind::word_null;
      return read_word("null");
    default:
      member.kind = FlatMember::Kind::number;
      return read_number(member.text);
  }
}

bool FlatJson::read_word(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

// RFC 8259 section 6: number = [ minus ] int [ frac ] [ exp ]
bool FlatJson::read_number(std::string_view& out) {
  const std::size_t start = at_;
  const auto here = [this] { return at_ < text_.size() ? text_[at_] : '\0'; };
  const auto digits = [&] {
    const std::size_t first = at_;
    while (is_digit(here())) ++at_;
    return at_ > first;
  };
  if (here() == '-') ++at_;
  if (here() == '0') {
    ++at_;
  } else if (!digits()) {
    return false;
  }
  if (here() == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (here() == 'e' || here() == 'E') {
    ++at_;
    if (here() == '+' || here() == '-') ++at_;
    if (!digits()) return false;
  }
  out = text_.substr(start, at_ - start);
  return true;
}

std::optional<std::uint64_t> flat_integer(std::string_view text, std::uint64_t max) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (max - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace kronborg::credential

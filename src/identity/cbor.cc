#include "identity/cbor.h"

#include "base/text.h"

namespace kronborg::identity {

namespace {

// RFC 8949 section 3.1
constexpr int major_unsigned = 0;
constexpr int major_negative = 1;
constexpr int major_bytes = 2;
constexpr int major_text = 3;
constexpr int major_array = 4;
constexpr int major_map = 5;
constexpr int major_tag = 6;
constexpr std::uint64_t max_integer = 0xFFFF'FFFF;

}  // namespace

std::optional<base::BytesView> CborReader::take(std::uint64_t size) {
  if (size > bytes_.size() - at_) return std::nullopt;
  const base::BytesView taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
  at_ += taken.size();
  return taken;
}

std::optional<CborReader::Head> CborReader::head() {
  const auto first = take(1);
  if (!first) return std::nullopt;
  const int information = (*first)[0] & 0x1F;
  Head head{.major = (*first)[0] >> 5, .value = static_cast<std::uint64_t>(information)};
  if (information < 24) return head;
  if (information > 27) return std::nullopt;  // reserved, or an indefinite length
  const auto digits = take(std::uint64_t{1} << (information - 24));
  if (!digits) return std::nullopt;
  head.value = 0;
  for (const std::uint8_t digit : *digits) head.value = head.value << 8 | digit;
  return head;
}

std::optional<std::uint64_t> CborReader::head_of(int major) {
  const auto found = head();
  if (!found || found->major != major) return std::nullopt;
  return found->value;
}

std::optional<std::uint64_t> CborReader::map() { return head_of(major_map); }

std::optional<std::uint64_t> CborReader::array() { return head_of(major_array); }

std::optional<base::BytesView> CborReader::bytes() {
  const auto size = head_of(major_bytes);
  return size ? take(*size) : std::nullopt;
}

std::optional<std::string_view> CborReader::text() {
  const auto size = head_of(major_text);
  const auto found = size ? take(*size) : std::nullopt;
  if (!found || !base::is_utf8(base::text_of(*found))) return std::nullopt;
  return base::text_of(*found);
}

std::optional<std::int64_t> CborReader::integer() {
  const auto found = head();
  if (!found || found->value > max_integer) return std::nullopt;
  const auto value = static_cast<std::int64_t>(found->value);
  if (found->major == major_unsigned) return value;
  if (found->major == major_negative) return -1 - value;
  return std::nullopt;
}

std::optional<base::BytesView> CborReader::item() {
  const std::size_t first = at_;
  if (!skip(max_depth)) return std::nullopt;
  return bytes_.subspan(first, at_ - first);
}

bool CborReader::skip(int depth) {
  const std::size_t first = at_;
  const auto found = head();
  if (!found || depth == 0) return false;
  std::uint64_t items = 0;
  switch (found->major) {
    case major_bytes:
      return take(found->value).has_value();
    case major_text:
      at_ = first;
      return text().has_value();
    case major_array:
      items = found->value;
      break;
    case major_map:
      if (found->value > bytes_.size()) return false;
      items = 2 * found->value;
      break;
    case major_tag:
      items = 1;
      break;
    default:
      return true;  // an integer, a simple value or a float: all of it stood in the head
  }
  for (; items > 0; --items) {
    if (!skip(depth - 1)) return false;
  }
  return true;
}

}  // namespace kronborg::identity

#include "keyholder/protocol.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kronborg::keyholder {
namespace {

template <class E>
constexpr E last_of = E{};
template <>
constexpr KeystoreKind last_of<KeystoreKind> = KeystoreKind::file;
template <>
constexpr Asks last_of<Asks> = Asks::pin;
template <>
constexpr identity::EarlierKeys last_of<identity::EarlierKeys> = identity::EarlierKeys::revoke;
template <>
constexpr MemoryLock last_of<MemoryLock> = MemoryLock::none;
template <>
constexpr identity::KeyKind last_of<identity::KeyKind> = identity::KeyKind::connect;
template <>
constexpr identity::Prefix last_of<identity::Prefix> = identity::Prefix::ethereum;

/// Appends members: integers in the byte order of the machine, texts behind their length.
class Encoder {
 public:
  explicit Encoder(Packet& packet) : packet_(packet) {}

  template <class T>
    requires std::integral<T> || std::is_enum_v<T>
  void operator()(T value) {
    packet_.append({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
  template <std::size_t N>
  void operator()(const std::array<std::uint8_t, N>& value) {
    packet_.append(value);
  }
  void operator()(const std::string& value) { sized(base::bytes_of(value)); }
  void operator()(const base::SecretText& value) { sized(base::bytes_of(value.reveal())); }
  void operator()(const base::Bytes& value) { sized(value); }
  void operator()(const identity::Address& value) { packet_.append(value.bytes()); }
  void operator()(KeyRef& value) {
    (*this)(value.kind);
    (*this)(value.agent.scope);
    (*this)(value.agent.index);
  }

 private:
  void sized(base::BytesView bytes) {
    (*this)(static_cast<std::uint32_t>(bytes.size()));
    packet_.append(bytes);
  }

  Packet& packet_;
};

/// Takes members off the front. After the first wrong one everything reads as zero and finished()
/// is false.
class Decoder {
 public:
  explicit Decoder(base::BytesView bytes) : rest_(bytes) {}

  [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }

  template <std::integral T>
  void operator()(T& value) {
    raw(&value, sizeof value);
  }
  void operator()(bool& value) {
    std::uint8_t byte = 0;
    (*this)(byte);
    good_ = good_ && byte <= 1;
    value = byte == 1;
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E& value) {
    static_assert(sizeof(E) == 1 && std::to_underlying(last_of<E>) > 0);
    std::uint8_t byte = 0;
    (*this)(byte);
    good_ = good_ && byte <= std::to_underlying(last_of<E>);
    if (good_) value = static_cast<E>(byte);
  }
  template <std::size_t N>
  void operator()(std::array<std::uint8_t, N>& value) {
    raw(value.data(), N);
  }
  void operator()(std::string& value) { value = base::text_of(sized()); }
  void operator()(base::SecretText& value) { value = base::SecretText(base::text_of(sized())); }
  void operator()(base::Bytes& value) {
    const base::BytesView bytes = sized();
    value.assign(bytes.begin(), bytes.end());
  }
  void operator()(identity::Address& value) {
    std::array<std::uint8_t, 20> bytes{};
    (*this)(bytes);
    value = identity::Address(bytes);
  }
  void operator()(KeyRef& value) {
    (*this)(value.kind);
    (*this)(value.agent.scope);
    (*this)(value.agent.index);
  }

 private:
  void raw(void* out, std::size_t size) {
    const base::BytesView bytes = take(size);
    if (bytes.size() == size) std::memcpy(out, bytes.data(), size);
  }
  base::BytesView sized() {
    std::uint32_t size = 0;
    (*this)(size);
    return take(size);
  }
  base::BytesView take(std::size_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    const base::BytesView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  base::BytesView rest_;
  bool good_ = true;
};

/// The place of the message in its variant, then its members.
template <class Variant>
Packet encode_any(Variant& message) {
  Packet packet;
  Encoder encoder(packet);
  encoder(static_cast<std::uint8_t>(message.index()));
  std::visit([&](auto& one) { one.fields(encoder); }, message);
  return packet;
}

template <class Variant, std::size_t Index = 0>
Variant blank(std::size_t index) {
  if constexpr (Index + 1 < std::variant_size_v<Variant>) {
    if (index != Index) return blank<Variant, Index + 1>(index);
  }
  return Variant(std::in_place_index<Index>);
}

template <class Variant>
std::optional<Variant> decode_any(base::BytesView bytes) {
  Decoder decoder(bytes);
  std::uint8_t index = 0xff;
  decoder(index);
  if (index >= std::variant_size_v<Variant>) return std::nullopt;
  std::optional<Variant> message = blank<Variant>(index);
  std::visit([&](auto& one) { one.fields(decoder); }, *message);
  if (!decoder.finished()) return std::nullopt;
  return message;
}

}  // namespace

Packet encode(Request request) { return encode_any(request); }
Packet encode(Reply reply) { return encode_any(reply); }
std::optional<Request> decode_request(base::BytesView bytes) { return decode_any<Request>(bytes); }
std::optional<Reply> decode_reply(base::BytesView bytes) { return decode_any<Reply>(bytes); }

ErrorReply reply_of(const base::Error& error) {
  return {.code = std::string(base::facts(error.code).name),
          .message = error.message,
          .hint = error.hint};
}

base::Error error_of(ErrorReply reply) {
  return {base::code_named(reply.code).value_or(base::Code::keyholder_failed),
          std::move(reply.message), std::move(reply.hint)};
}

}  // namespace kronborg::keyholder

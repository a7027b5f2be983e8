#include "identity/sealed_file.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"

namespace kronborg::identity {
namespace {

namespace json = base::json;

constexpr std::uint64_t max_opslimit = 16;
constexpr std::uint64_t max_memlimit = 1ULL << 30U;
// What libsodium takes at least (crypto_pwhash_argon2id_OPSLIMIT_MIN, _MEMLIMIT_MIN).
constexpr std::uint64_t min_opslimit = 1;
constexpr std::uint64_t min_memlimit = 8192;
constexpr std::string_view kdf_name = "argon2id13";
constexpr std::string_view aead_name = "xchacha20poly1305";

base::Error unsupported(std::string text) {
  return {base::Code::bundle_unsupported, std::move(text)};
}

/// Takes the known members out of an object; what remains is unknown.
class Members {
 public:
  explicit Members(json::object object) : object_(std::move(object)) {}

  base::Result<std::string> text(std::string_view name) {
    TRY(const json::value value, take(name));
    if (const auto* text = value.if_string()) return std::string(*text);
    return malformed(name);
  }
  base::Result<std::uint64_t> number(std::string_view name, std::uint64_t max) {
    TRY(const json::value value, take(name));
    std::uint64_t number = 0;
    if (const auto* whole = value.if_int64(); whole != nullptr && *whole >= 0) {
      number = static_cast<std::uint64_t>(*whole);
    } else if (const auto* large = value.if_uint64()) {
      number = *large;
    } else {
      return malformed(name);
    }
    if (number > max) {
      return unsupported("The member `" + std::string(name) + "` of the sealed file is too large.");
    }
    return number;
  }
  base::Result<void> require(std::string_view name, std::string_view wanted) {
    TRY(const std::string found, text(name));
    if (found == wanted) return {};
    return unsupported("The member `" + std::string(name) + "` of the sealed file is not `" +
                       std::string(wanted) + "`.");
  }
  template <std::size_t N>
  base::Result<void> bytes(std::string_view name, std::array<std::uint8_t, N>& out) {
    TRY(const std::string encoded, text(name));
    const auto decoded = base::base64url_strict(encoded);
    if (!decoded || decoded->size() != N) return malformed(name);
    std::ranges::copy(*decoded, out.begin());
    return {};
  }
  base::Result<json::object> object(std::string_view name) {
    TRY(json::value value, take(name));
    if (auto* found = value.if_object()) return std::move(*found);
    return malformed(name);
  }
  [[nodiscard]] bool has(std::string_view name) const { return object_.contains(name); }
  json::object rest() && { return std::move(object_); }

 private:
  static base::Error malformed(std::string_view name) {
    return unsupported("The member `" + std::string(name) +
                       "` of the sealed file is missing or has a wrong form.");
  }
  base::Result<json::value> take(std::string_view name) {
    auto* const found = object_.find(name);
    if (found == object_.end()) return malformed(name);
    json::value value = std::move(found->value());
    object_.erase(name);
    return value;
  }

  json::object object_;
};

/// Unix seconds and generations: anything a JSON reader keeps exact.
constexpr std::uint64_t max_integer = (1ULL << 53U) - 1;

base::Result<std::int64_t> integer(Members& members, std::string_view name) {
  TRY(const std::uint64_t number, members.number(name, max_integer));
  return static_cast<std::int64_t>(number);
}

base::Result<void> read_kdf(Members& members, SealedHeader& header) {
  TRY(json::object object, members.object("kdf"));
  Members kdf(std::move(object));
  TRY_VOID(kdf.require("alg", kdf_name));
  TRY(header.cost.opslimit, kdf.number("opslimit", max_opslimit));
  TRY(header.cost.memlimit, kdf.number("memlimit", max_memlimit));
  if (header.cost.opslimit < min_opslimit || header.cost.memlimit < min_memlimit) {
    return unsupported("The `kdf` of the sealed file costs less than Argon2id allows.");
  }
  TRY_VOID(kdf.bytes("salt", header.salt));
  header.extra_kdf = std::move(kdf).rest();
  return {};
}

base::Result<SealedFile> read_members(Members members, std::string_view format) {
  SealedFile file;
  SealedHeader& header = file.header;
  TRY(const std::uint64_t version, members.number("v", 1));
  if (version != 1) return unsupported("The sealed file has a version other than 1.");
  TRY_VOID(members.require("format", format));
  header.format = format;
  TRY_VOID(read_kdf(members, header));
  TRY_VOID(members.require("aead", aead_name));
  TRY(const std::string address, members.text("address"));
  const auto parsed = Address::parse(address);
  if (!parsed) return unsupported("The address of the sealed file is not an address.");
  header.address = *parsed;
  if (members.has("generation")) {
    TRY(header.generation, integer(members, "generation"));
  }
  TRY(header.created_at, integer(members, "created_at"));
  TRY(header.updated_at, integer(members, "updated_at"));
  TRY_VOID(members.bytes("nonce", file.nonce));
  TRY(const std::string ciphertext, members.text("ct"));
  auto decoded = base::base64url_strict(ciphertext);
  if (!decoded) return unsupported("The ciphertext of the sealed file is not base64url.");
  file.ciphertext = *std::move(decoded);
  header.extra = std::move(members).rest();
  return file;
}

/// The object without `ct`.
json::object object_of(const SealedHeader& header, base::BytesView nonce) {
  json::object kdf{{"alg", kdf_name},
                   {"opslimit", header.cost.opslimit},
                   {"memlimit", header.cost.memlimit},
                   {"salt", base::base64url(header.salt)}};
  for (const auto& member : header.extra_kdf) kdf.insert(member);
  json::object object{{"v", 1}, {"format", header.format}, {"address", header.address.text()}};
  if (header.generation) object.emplace("generation", *header.generation);
  object.emplace("created_at", header.created_at);
  object.emplace("updated_at", header.updated_at);
  object.emplace("kdf", std::move(kdf));
  object.emplace("aead", aead_name);
  object.emplace("nonce", base::base64url(nonce));
  for (const auto& member : header.extra) object.insert(member);
  return object;
}

}  // namespace

base::Result<SealedFile> read_sealed(std::string_view text, std::string_view format) {
  auto value = base::parse_json(text);
  if (!value || !value->is_object()) return unsupported("The sealed file is not a JSON object.");
  json::object readable = value->get_object();
  TRY(SealedFile file, read_members(Members(std::move(value->get_object())), format));
  readable.erase("ct");
  file.associated = base::canonical_json(readable);
  return file;
}

base::Result<base::Secret<32>> key_of_password(const SealedHeader& header,
                                               std::string_view password) {
  return crypto::argon2id(base::bytes_of(password), header.salt, header.cost);
}

base::Result<OpenedFile> open_with_password(const SealedFile& file, std::string_view password,
                                            base::Code wrong) {
  TRY(base::Secret<32> key, key_of_password(file.header, password));
  TRY(base::SecretText plain, open_with_key(file, key, wrong));
  return OpenedFile{.key = std::move(key), .plain = std::move(plain)};
}

base::Result<base::SecretText> open_with_key(const SealedFile& file, const base::Secret<32>& key,
                                             base::Code wrong) {
  auto opened =
      crypto::aead_open(key, file.nonce, base::bytes_of(file.associated), file.ciphertext);
  if (!opened) return wrong;
  base::SecretText plain(base::text_of(*opened));
  base::wipe(opened->data(), opened->size());
  return plain;
}

std::string seal(const SealedHeader& header, const base::Secret<32>& key, std::string_view plain,
                 base::Random& random) {
  std::array<std::uint8_t, 24> nonce{};
  random.fill(nonce);
  json::object object = object_of(header, nonce);
  const std::string associated = base::canonical_json(object);
  object.emplace("ct", base::base64url(crypto::aead_seal(key, nonce, base::bytes_of(associated),
                                                         base::bytes_of(plain))));
  return base::to_text(object) + "\n";
}

}  // namespace kronborg::identity

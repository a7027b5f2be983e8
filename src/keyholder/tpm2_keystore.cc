#include "keyholder/tpm2_keystore.h"

#include <optional>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "keyholder/passphrase.h"
#include "keyholder/tpm.h"
#include "keyholder/wrapped_keystore.h"

namespace kronborg::keyholder {
namespace {

namespace json = base::json;

/// A TPM's authorisation value is at most a digest long, and trailing zeros of it do not count: the
/// last byte is never one.
std::optional<base::Secret<32>> pin_value(std::string_view typed) {
  if (typed.empty()) return std::nullopt;
  const base::SecretText pin = normalised_passphrase(typed);
  auto digest = crypto::sha256(base::bytes_of(pin.reveal()));
  base::Secret<32> value{std::span<const std::uint8_t, 32>(digest)};
  base::wipe(digest.data(), digest.size());
  value.fill()[31] |= 1U;
  return value;
}

base::Result<base::Bytes> bytes_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  auto bytes = text == nullptr ? std::nullopt : base::base64url_strict(*text);
  if (!bytes) return base::Code::keystore_damaged;
  return *std::move(bytes);
}

}  // namespace

base::Result<std::string> write_tpm2_keystore(const Keystore& keystore, const KeystoreFacts& facts,
                                              const Opener& opener, std::int64_t now,
                                              base::Random& random) {
  base::Secret<32> key;
  random.fill(key.fill());
  const auto pin = pin_value(opener.secret);
  TRY(const auto tpm, Tpm::on(opener.tpm));
  TRY(const TpmObject sealed, tpm->seal(key, pin));
  const json::object place{{"tpm", json::object{{"public", base::base64url(sealed.public_area)},
                                                {"private", base::base64url(sealed.private_area)},
                                                {"pin", pin.has_value()}}}};
  return wrap_keystore(keystore, facts, place, key, now, random);
}

base::Result<Keystore> open_tpm2_keystore(std::string_view text, const Opener& opener) {
  TRY(const json::object file, keystore_object(text));
  const json::value* const member = file.if_contains("tpm");
  const json::object* const place = member == nullptr ? nullptr : member->if_object();
  if (place == nullptr) return base::Code::keystore_damaged;
  TpmObject sealed;
  TRY(sealed.public_area, bytes_in(*place, "public"));
  TRY(sealed.private_area, bytes_in(*place, "private"));
  TRY(const KeystoreFacts facts, read_facts(text));
  if (facts.asks == Asks::pin && opener.secret.empty()) {
    return base::Error(base::Code::wrong_passphrase, "The keystore asks for its PIN.");
  }
  const auto pin = facts.asks == Asks::pin ? pin_value(opener.secret) : std::nullopt;
  TRY(const auto tpm, Tpm::on(opener.tpm));
  TRY(const base::Secret<32> key, tpm->unseal(sealed, pin));
  return unwrap_keystore(file, key);
}

}  // namespace kronborg::keyholder

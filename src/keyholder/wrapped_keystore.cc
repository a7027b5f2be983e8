#include "keyholder/wrapped_keystore.h"

#include <array>

#include "base/encoding.h"
#include "crypto/seal.h"
#include "identity/sealed_file.h"

namespace kronborg::keyholder {
namespace {

namespace json = base::json;

constexpr std::string_view aead_name = "xchacha20poly1305";

base::Error damaged() {
  return {base::Code::keystore_damaged, "The keystore was changed, or its key was exchanged."};
}

const json::string* text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_string();
}

}  // namespace

std::string wrap_keystore(const Keystore& keystore, const KeystoreFacts& facts,
                          const json::object& place, const base::Secret<32>& key, std::int64_t now,
                          base::Random& random) {
  std::array<std::uint8_t, 24> nonce{};
  random.fill(nonce);
  json::object file{{"v", 1},
                    {"format", identity::keystore_format},
                    {"kind", kind_name(facts.kind)},
                    {"address", facts.master.text()},
                    {"device_id", facts.device_id},
                    {"created_at", facts.created_at},
                    {"updated_at", now},
                    {"aead", aead_name},
                    {"nonce", base::base64url(nonce)}};
  for (const auto& member : place) file.insert(member);
  const std::string associated = base::canonical_json(file);
  const base::SecretText plain = secret_text_of(keystore);
  file.emplace("ct", base::base64url(crypto::aead_seal(key, nonce, base::bytes_of(associated),
                                                       base::bytes_of(plain.reveal()))));
  return base::to_text(file) + "\n";
}

base::Result<Keystore> unwrap_keystore(const json::object& file, const base::Secret<32>& key) {
  const json::string* const aead = text_of(file, "aead");
  if (aead == nullptr || *aead != aead_name) return base::Code::bundle_unsupported;
  const json::string* const nonce_text = text_of(file, "nonce");
  const json::string* const sealed_text = text_of(file, "ct");
  std::array<std::uint8_t, 24> nonce{};
  if (nonce_text == nullptr || sealed_text == nullptr || nonce_text->size() != 32 ||
      !base::base64url_strict_into(*nonce_text, nonce)) {
    return damaged();
  }
  const auto sealed = base::base64url_strict(*sealed_text);
  if (!sealed) return damaged();
  json::object readable = file;
  readable.erase("ct");
  const std::string associated = base::canonical_json(readable);
  auto opened = crypto::aead_open(key, nonce, base::bytes_of(associated), *sealed);
  if (!opened) return damaged();
  const base::SecretText plain(base::text_of(*opened));
  base::wipe(opened->data(), opened->size());
  return keystore_of(plain.reveal());
}

base::Result<json::object> keystore_object(std::string_view text) {
  auto value = base::parse_json(text);
  if (!value || !value->is_object()) return base::Code::keystore_damaged;
  return std::move(value->get_object());
}

}  // namespace kronborg::keyholder

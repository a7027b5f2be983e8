#include "keyholder/keystore.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.h"
#include "crypto/p256.h"
#include "identity/derivation.h"
#include "identity/device_id.h"
#include "identity/sealed_file.h"
#include "keyholder/file_keystore.h"
#include "keyholder/passphrase_keystore.h"
#include "keyholder/secret_service_keystore.h"
#include "keyholder/tpm2_keystore.h"

namespace kronborg::keyholder {
namespace {

namespace json = base::json;

constexpr std::array forms{
    KeystoreForm{KeystoreKind::passphrase, "passphrase", write_passphrase_keystore,
                 open_passphrase_keystore},
    KeystoreForm{KeystoreKind::tpm2, "tpm2", write_tpm2_keystore, open_tpm2_keystore},
    KeystoreForm{KeystoreKind::secret_service, "secret-service", write_secret_service_keystore,
                 open_secret_service_keystore},
    KeystoreForm{KeystoreKind::file, "file", write_file_keystore, open_file_keystore},
};

base::Error damaged(std::string_view member) {
  return {base::Code::keystore_damaged,
          "The member `" + std::string(member) + "` of the keystore is missing or wrong."};
}

const json::string* text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_string();
}

std::optional<std::int64_t> integer_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return std::nullopt;
  return value->get_int64();
}

bool read_secret(const json::object& object, std::string_view name, base::Secret<32>& out) {
  const json::string* const text = text_of(object, name);
  return text != nullptr && text->size() == 64 && base::hex_strict_into(*text, out.fill());
}

void append_hex(std::string& text, const base::Secret<32>& secret) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : secret.reveal()) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
}

base::Result<KeystoreKind> kind_of(const json::object& file) {
  const json::value* const kind = file.if_contains("kind");
  // 14.2 does not name the member: a sealed file without it is of the kind that is sealed.
  if (kind == nullptr && file.contains("ct")) return KeystoreKind::passphrase;
  if (kind == nullptr || !kind->is_string()) return damaged("kind");
  if (const auto known = kind_named(kind->get_string())) return *known;
  return base::Error(base::Code::bundle_unsupported,
                     "The keystore is of a kind that this version does not know.");
}

/// What the file says about what its opening asks for.
base::Result<void> read_asked(const json::object& file, KeystoreFacts& facts) {
  if (facts.kind == KeystoreKind::passphrase) {
    facts.asks = Asks::passphrase;
  } else if (facts.kind == KeystoreKind::tpm2) {
    const json::value* const tpm = file.if_contains("tpm");
    const json::object* const object = tpm == nullptr ? nullptr : tpm->if_object();
    const json::value* const pin = object == nullptr ? nullptr : object->if_contains("pin");
    if (pin == nullptr || !pin->is_bool()) return damaged("tpm");
    facts.asks = pin->get_bool() ? Asks::pin : Asks::nothing;
  } else if (facts.kind == KeystoreKind::secret_service) {
    const json::string* const item = text_of(file, "item");
    if (item == nullptr || !is_item_name(*item)) return damaged("item");
    facts.item = std::string(*item);
  }
  return {};
}

}  // namespace

bool is_item_name(std::string_view text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

std::string_view kind_name(KeystoreKind kind) { return form_of(kind).name; }

std::optional<KeystoreKind> kind_named(std::string_view name) {
  const auto* const found = std::ranges::find(forms, name, &KeystoreForm::name);
  if (found == forms.end()) return std::nullopt;
  return found->kind;
}

const KeystoreForm& form_of(KeystoreKind kind) {
  return *std::ranges::find(forms, kind, &KeystoreForm::kind);
}

base::Result<KeystoreFacts> read_facts(std::string_view text) {
  const auto parsed = base::parse_json(text);
  if (!parsed || !parsed->is_object()) return base::Code::keystore_damaged;
  const json::object& file = parsed->get_object();
  const json::string* const format = text_of(file, "format");
  if (format == nullptr) return damaged("format");
  if (integer_of(file, "v") != 1 || *format != identity::keystore_format) {
    return base::Code::bundle_unsupported;
  }
  KeystoreFacts facts{};
  TRY(facts.kind, kind_of(file));
  const json::string* const address = text_of(file, "address");
  const auto master = address == nullptr ? std::nullopt : identity::Address::parse(*address);
  if (!master) return damaged("address");
  facts.master = *master;
  if (const json::string* const device_id = text_of(file, "device_id")) {
    facts.device_id = std::string(*device_id);
  }
  const auto created_at = integer_of(file, "created_at");
  if (!created_at) return damaged("created_at");
  facts.created_at = *created_at;
  TRY_VOID(read_asked(file, facts));
  return facts;
}

base::Result<Keystore> open_keystore(std::string_view text, const Opener& opener) {
  TRY(const KeystoreFacts facts, read_facts(text));
  TRY(Keystore keystore, form_of(facts.kind).open(text, opener));
  if (identity::address_of(keystore.master) != facts.master) return damaged("address");
  TRY(const std::string device_id, device_id_of(keystore));
  if (device_id != facts.device_id) return damaged("device_id");
  return keystore;
}

base::SecretText secret_text_of(const Keystore& keystore) {
  std::string text;
  text.reserve(512);  // more than it takes: growing would leave copies behind
  text += "{";
  if (keystore.has_device) {
    text += "\"device\":\"";
    append_hex(text, keystore.device);
    text += "\",";
  }
  text += "\"master\":\"";
  append_hex(text, keystore.master);
  text += "\",\"recovery\":{\"generation\":" + std::to_string(keystore.recovery.generation) +
          ",\"key\":\"";
  append_hex(text, keystore.recovery.key);
  text += "\",\"salt\":\"" + base::base64url(keystore.recovery.salt) + "\"}";
  if (keystore.tpm_device[0] != 0) {
    text += ",\"tpm_device\":\"";
    text.append(keystore.tpm_device.data(), keystore.tpm_device.size());
    text += "\"";
  }
  text += ",\"v\":1}";
  base::SecretText secret(text);
  base::wipe(text.data(), text.size());
  return secret;
}

base::Result<Keystore> keystore_of(std::string_view secret_text) {
  const auto parsed = base::parse_json(secret_text);
  if (!parsed) return base::Code::keystore_damaged;
  return keystore_of(*parsed);
}

base::Result<Keystore> keystore_of(const json::value& members) {
  const json::object* const object = members.if_object();
  if (object == nullptr || integer_of(*object, "v") != 1) return damaged("v");
  Keystore keystore;
  if (!read_secret(*object, "master", keystore.master) ||
      !crypto::is_private_key(keystore.master.reveal())) {
    return damaged("master");
  }
  keystore.has_device = object->contains("device");
  if (keystore.has_device && !read_secret(*object, "device", keystore.device)) {
    return damaged("device");
  }
  if (object->contains("tpm_device")) {
    const json::string* const id = text_of(*object, "tpm_device");
    if (id == nullptr || !identity::DeviceId::parse(*id)) return damaged("tpm_device");
    std::ranges::copy(*id, keystore.tpm_device.begin());
  }
  const json::value* const member = object->if_contains("recovery");
  const json::object* const recovery = member == nullptr ? nullptr : member->if_object();
  if (recovery == nullptr) return damaged("recovery");
  const auto generation = integer_of(*recovery, "generation");
  const json::string* const salt = text_of(*recovery, "salt");
  if (!generation || *generation < 1 || salt == nullptr || salt->size() != 22 ||
      !base::base64url_strict_into(*salt, keystore.recovery.salt) ||
      !read_secret(*recovery, "key", keystore.recovery.key)) {
    return damaged("recovery");
  }
  keystore.recovery.generation = *generation;
  return keystore;
}

base::Result<std::string> device_id_of(const Keystore& keystore) {
  if (keystore.tpm_device[0] != 0) {
    return std::string(keystore.tpm_device.data(), keystore.tpm_device.size());
  }
  if (!keystore.has_device) return std::string();
  const auto key = crypto::p256_public_key(keystore.device);
  if (!key) return damaged("device");
  return identity::device_id_of(*key);
}

}  // namespace kronborg::keyholder

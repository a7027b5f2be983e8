#include "keyholder/file_keystore.h"

#include "identity/sealed_file.h"

namespace kronborg::keyholder {

base::Result<std::string> write_file_keystore(const Keystore& keystore, const KeystoreFacts& facts,
                                              const Opener& /*opener*/, std::int64_t now,
                                              base::Random& /*random*/) {
  TRY(base::json::value plain, base::parse_json(secret_text_of(keystore).reveal()));
  const base::json::object file{
      {"v", 1},
      {"format", identity::keystore_format},
      {"kind", kind_name(facts.kind)},
      {"address", facts.master.text()},
      {"device_id", facts.device_id},
      {"created_at", facts.created_at},
      {"updated_at", now},
      {"plain", std::move(plain)},
  };
  return base::to_text(file) + "\n";
}

base::Result<Keystore> open_file_keystore(std::string_view text, const Opener& /*opener*/) {
  TRY(const base::json::value file, base::parse_json(text));
  const base::json::object* const members = file.if_object();
  const base::json::value* const plain =
      members == nullptr ? nullptr : members->if_contains("plain");
  if (plain == nullptr) return base::Code::keystore_damaged;
  return keystore_of(*plain);
}

}  // namespace kronborg::keyholder

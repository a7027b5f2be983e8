#include "keyholder/bundle.h"

#include <boost/json/parse.hpp>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "base/secret.h"

namespace kronborg::keyholder {
namespace {

namespace json = base::json;

/// Canonical JSON of the content with `v` and `master`. Not base::parse_json: its limits are those
/// of requests, and a list of revocations is longer.
base::Result<base::SecretText> plain_text(const Keystore& keystore, std::string_view content) {
  boost::system::error_code failed;
  json::value value = json::parse(content, failed);
  if (failed || !value.is_object() || value.get_object().contains("v") ||
      value.get_object().contains("master")) {
    return base::Error(base::Code::internal_error, "The content of the bundle is not acceptable.");
  }
  std::string master = base::hex(keystore.master.reveal());
  value.get_object().emplace("v", 1);
  value.get_object().emplace("master", master);
  base::wipe(master.data(), master.size());
  std::string text = base::canonical_json(value);
  json::string& kept = value.get_object()["master"].get_string();
  base::wipe(kept.data(), kept.size());
  base::SecretText secret(text);
  base::wipe(text.data(), text.size());
  return secret;
}

}  // namespace

std::optional<identity::SealedHeader> header_opened_by(std::string_view text,
                                                       const identity::Address& master,
                                                       const Keystore::Recovery& recovery) {
  auto file = identity::read_sealed(text, identity::bundle_format);
  if (!file || file->header.address != master || file->header.generation != recovery.generation ||
      file->header.salt != recovery.salt ||
      !identity::open_with_key(*file, recovery.key, base::Code::recovery_code_wrong)) {
    return std::nullopt;
  }
  return std::move(file->header);
}

identity::SealedHeader first_header(const Keystore& keystore,
                                    const std::optional<identity::SealedHeader>& before,
                                    std::int64_t now) {
  identity::SealedHeader header;
  header.format = identity::bundle_format;
  header.address = identity::address_of(keystore.master);
  header.generation = keystore.recovery.generation;
  header.salt = keystore.recovery.salt;
  header.created_at = before ? before->created_at : now;
  header.updated_at = now;
  if (before) header.extra = before->extra;
  return header;
}

base::Result<std::string> seal_bundle(const identity::SealedHeader& header,
                                      const Keystore& keystore, std::string_view content,
                                      base::Random& random) {
  TRY(const base::SecretText plain, plain_text(keystore, content));
  return identity::seal(header, keystore.recovery.key, plain.reveal(), random);
}

base::Result<std::string> seal_next_bundle(const Keystore& keystore, std::string_view content,
                                           std::optional<std::string_view> present,
                                           std::int64_t now, base::Random& random) {
  const auto old =
      present ? header_opened_by(*present, identity::address_of(keystore.master), keystore.recovery)
              : std::nullopt;
  identity::SealedHeader header = old ? *old : first_header(keystore, std::nullopt, now);
  header.updated_at = now;
  return seal_bundle(header, keystore, content, random);
}

}  // namespace kronborg::keyholder

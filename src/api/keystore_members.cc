#include "api/keystore_members.h"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "keyholder/keyholder.h"

namespace kronborg::api {
namespace {

using keyholder::KeystoreKind;

constexpr std::array<std::string_view, 4> keystore_names = {"passphrase", "tpm2", "secret-service",
                                                            "file"};
constexpr std::size_t max_secret_bytes = 1024;
constexpr std::size_t max_path = 4096;

void refuse_unless(Members& members, bool allowed, std::string_view name,
                   const std::optional<base::SecretText>& given, KeystoreKind kind) {
  if (allowed || !given) return;
  members.fault(name, "not_allowed",
                "The keystore kind \"" + std::string(keyholder::kind_name(kind)) + "\" has no " +
                    std::string(name) + ".");
}

}  // namespace

authority::CreateIdentity read_keystore(Members& members) {
  authority::CreateIdentity request;
  const auto kind = members.one_of("keystore", keystore_names, Need::optional);
  if (kind) request.kind = *keyholder::kind_named(*kind);
  const bool unclear = members.has("keystore") && !kind;
  const bool has_passphrase = request.kind == KeystoreKind::passphrase;
  auto passphrase = members.secret("passphrase", max_secret_bytes,
                                   has_passphrase && !unclear ? Need::required : Need::optional);
  auto pin = members.secret("pin", max_secret_bytes, Need::optional);
  if (!unclear) {
    refuse_unless(members, has_passphrase, "passphrase", passphrase, request.kind);
    refuse_unless(members, request.kind == KeystoreKind::tpm2, "pin", pin, request.kind);
  }
  if (passphrase) request.passphrase = std::move(*passphrase);
  if (pin) request.passphrase = std::move(*pin);
  const auto folder = members.bytes("recoveryDir", max_path, Need::optional);
  if (folder && !std::filesystem::path(*folder).is_absolute()) {
    members.fault("recoveryDir", "bad_pattern", "It must be an absolute path on the host.");
  }
  if (folder) request.recovery_folder = *folder;
  request.replace = members.address("replace", Need::optional);
  return request;
}

base::SecretText read_opening_secret(Members& members) {
  auto passphrase = members.secret("passphrase", max_secret_bytes, Need::optional);
  auto pin = members.secret("pin", max_secret_bytes, Need::optional);
  if (passphrase && pin) {
    members.fault("pin", "not_allowed", "A keystore has a passphrase or a PIN, not both.");
  }
  if (passphrase) return std::move(*passphrase);
  if (pin) return std::move(*pin);
  return {};
}

}  // namespace kronborg::api

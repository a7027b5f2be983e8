#include "cli/keystore_options.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/output.h"
#include "cli/prompt.h"

namespace kronborg::cli {
namespace {

using base::Result;

std::optional<std::filesystem::path> as_path(const std::optional<std::string>& text) {
  return text ? std::optional<std::filesystem::path>(*text) : std::nullopt;
}

/// A PIN is optional, but never left out in silence.
Result<base::SecretText> read_new_pin(const Context& context, bool none) {
  if (none) return base::SecretText();
  const auto file = as_path(context.pin_file);
  return read_new_secret(file, "new PIN (empty: none)", "--pin-file F or --no-pin");
}

}  // namespace

void KeystoreOptions::add_to(CLI::App& command) {
  command
      .add_option("--keystore", keystore,
                  "how the master key is kept: passphrase, tpm2, secret-service or file")
      ->check(CLI::IsMember({"passphrase", "tpm2", "secret-service", "file"}));
  command.add_option("--passphrase-file", passphrase_file,
                     "file with the new passphrase ('-': standard input)");
  command.add_flag("--no-pin", no_pin, "tpm2: open the keystore without a PIN");
  command.add_option("--recovery-dir", recovery_dir, "folder for a copy of the recovery bundle");
  command.add_flag("--replace", replace, "replace the identity that is there");
}

Result<std::string> KeystoreOptions::kind(const Context& context) const {
  if (keystore) return *keystore;
  TRY(const auto config, context.load_config());
  return config.text("keystore.kind");
}

Result<void> KeystoreOptions::fill(const Context& context, base::json::object& request) const {
  TRY(const auto name, kind(context));
  request["keystore"] = name;
  if (recovery_dir) request["recoveryDir"] = std::filesystem::absolute(*recovery_dir).string();
  if (name == "passphrase") {
    const auto file = as_path(passphrase_file ? passphrase_file : context.passphrase_file);
    TRY(const auto passphrase, read_new_secret(file, "new passphrase", "--passphrase-file F"));
    request["passphrase"] = passphrase.reveal();
  } else if (name == "tpm2") {
    TRY(const auto pin, read_new_pin(context, no_pin));
    if (!pin.empty()) request["pin"] = pin.reveal();
  }
  return {};
}

Result<std::string> confirm_replacement(Context& context, const std::string& survivor) {
  TRY(const auto current, context.call("GET", "/api/v1/identity"));
  const auto address = text_of(current.value, "masterAddress");
  if (base::equal_ignoring_case(address, survivor)) {
    fmt::print(stderr,
               "This replaces keystore and recovery code of the identity {}. What the store holds "
               "of it stays.\n",
               address);
  } else {
    fmt::print(stderr,
               "This replaces the identity {}.\n"
               "Its agents, keys and whitelists are gone for good: every key that it or its agents "
               "issued answers\n"
               "401 Audience mismatch. Revocations stay. Without its recovery code it cannot come "
               "back.\n",
               address);
  }
  return read_line("type the old address to go on",
                   "a terminal: --replace asks for the old address");
}

}  // namespace kronborg::cli

#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/space_session.h"

// Signatures come from a wallet: this program shows what is to be signed, and reads what was
// signed.

namespace kronborg::cli {

/// 0x and 40 hexadecimal digits, in any casing.
bool is_address(std::string_view text);

/// Whether `origin`, which a text to be signed names, is that of the server that is spoken to, so
/// that no server has one made for another. `trusted`: what --origin gives. Error: usage.
base::Result<void> require_origin(std::string_view origin, const std::string& server,
                                  const std::optional<std::string>& trusted);

/// Prints what is to be signed on standard output, and reads the signature from `file`, the
/// terminal or standard input. Nothing when there is none yet: then `how_to_go_on` was said.
/// Errors: usage, file_error.
base::Result<std::optional<std::string>> signed_by_wallet(const std::string& message,
                                                          const std::optional<std::string>& file,
                                                          const std::string& how_to_go_on);
/// Of a file, or of standard input ("-"). Errors: usage, file_error.
base::Result<std::string> read_signature(const std::string& file);

/// A challenge, as docs/protocol/spaces.md section 10 has it.
struct Proof {
  std::optional<std::string> address, challenge, signature_file, origin;

  [[nodiscard]] bool wanted() const { return address || challenge; }
};

/// `position`: the address may also stand without the name of its option.
void takes_proof(CLI::App* verb, Proof& proof, bool position);

/// What a proof is for.
struct ProofPlace {
  std::string server, space_id;
  std::string_view purpose;  ///< attach, join
  std::string subject;       ///< empty: not known to the caller
  std::string command;       ///< with which the signature is given later
};

/// `challengeId` and `signature`, from a challenge that `ask` fetches or one of an earlier call.
/// Nothing when only the challenge was shown. Errors: usage, file_error, those of `ask`.
base::Result<std::optional<base::json::object>> proven(
    Context& context, const Proof& proof, const ProofPlace& place,
    const std::function<base::Result<Reply>(const base::json::object&)>& ask);

}  // namespace kronborg::cli

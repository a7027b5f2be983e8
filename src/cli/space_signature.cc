#include "cli/space_signature.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "cli/prompt.h"
#include "cli/space_link.h"
#include "cli/space_text.h"

namespace kronborg::cli {
namespace {

namespace json = base::json;
using base::Code;
using base::Error;
using base::Result;

constexpr std::size_t address_digits = 40;
constexpr std::size_t signature_digits = 130;
constexpr std::size_t most_input = 4096;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits + 2 && text.starts_with("0x") &&
         std::ranges::all_of(text.substr(2), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

Result<std::string> checked_signature(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  if (is_hex(text, signature_digits)) return text;
  return Error(Code::usage, "that is not a signature",
               "it is 0x and 130 hexadecimal digits: personal_sign of the text, to the letter");
}

/// One line of standard input; empty at its end.
std::string next_line() {
  std::string line;
  char c = 0;
  while (line.size() < most_input && ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (;;) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

Error strange() {
  return {Code::usage, "what the server wants signed is not a proof for this space",
          "do not sign it; is the server the one that you mean?"};
}

/// What is signed has to be this proof and nothing else, whatever the server sent.
Result<void> check_challenge(const json::value& challenge, const Proof& proof,
                             const ProofPlace& place) {
  const auto lines = lines_of(raw_of(challenge, "message"));
  static constexpr std::array<std::string_view, 8> starts{"kronborg identity proof v1",
                                                          "origin: ",
                                                          "space: ",
                                                          "purpose: ",
                                                          "subject: ",
                                                          "address: ",
                                                          "nonce: ",
                                                          "expires: "};
  if (lines.size() != starts.size()) return strange();
  std::array<std::string_view, 8> values;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (!lines[i].starts_with(starts[i])) return strange();
    values[i] = lines[i].substr(starts[i].size());
    if (base::printable(values[i], most_input) != values[i]) return strange();
  }
  const bool subject_fits =
      place.subject.empty() ? base::is_uuid(values[4]) : values[4] == place.subject;
  if (!values[0].empty() || values[2] != place.space_id || values[3] != place.purpose ||
      !subject_fits || !base::equal_ignoring_case(values[5], *proof.address)) {
    return strange();
  }
  return require_origin(values[1], place.server, proof.origin);
}

}  // namespace

bool is_address(std::string_view text) { return is_hex(text, address_digits); }

Result<void> require_origin(std::string_view origin, const std::string& server,
                            const std::optional<std::string>& trusted) {
  if (origin == server || origin == trusted || (is_this_machine(origin) && is_this_machine(server)))
    return {};
  return Error(Code::usage,
               fmt::format("the text names {}, but the server is {}", base::printable(origin, 120),
                           base::printable(server, 120)),
               "if both are the same service, give the first with --origin; else do not sign");
}

Result<std::string> read_signature(const std::string& file) {
  TRY(auto text, read_input(file, most_input));
  return checked_signature(std::move(text));
}

Result<std::optional<std::string>> signed_by_wallet(const std::string& message,
                                                    const std::optional<std::string>& file,
                                                    const std::string& how_to_go_on) {
  if (file && *file != "-") {
    TRY(auto signature, read_signature(*file));
    return std::optional(std::move(signature));
  }
  fmt::print("{}\n", message);
  std::fflush(stdout);
  std::string text;
  if (is_interactive()) {
    TRY(text, read_line("\nSignature (personal_sign of these lines, without a last line break)",
                        "--signature-file F"));
  } else {
    text = next_line();
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    fmt::print(stderr,
               "\nSign these lines with the wallet of the address (personal_sign, without "
               "a last line break), then:\n  {}\n",
               how_to_go_on);
    return std::optional<std::string>();
  }
  TRY(auto signature, checked_signature(std::move(text)));
  return std::optional(std::move(signature));
}

void takes_proof(CLI::App* verb, Proof& proof, bool position) {
  verb->add_option(position ? "address,--address" : "--address", proof.address,
                   "0x and 40 hexadecimal digits: what is proven")
      ->excludes(
          verb->add_option("--challenge", proof.challenge, "id of a challenge shown before"));
  verb->add_option("--signature-file", proof.signature_file,
                   "file with the signature ('-': standard input)");
  verb->add_option("--origin", proof.origin,
                   "the origin that the text may name, when it is not the server's address");
}

Result<std::optional<json::object>> proven(
    Context& context, const Proof& proof, const ProofPlace& place,
    const std::function<Result<Reply>(const json::object&)>& ask) {
  if (proof.challenge) {
    TRY(const auto signature, read_signature(proof.signature_file.value_or("-")));
    return std::optional(json::object{{"challengeId", *proof.challenge}, {"signature", signature}});
  }
  if (!proof.address || !is_address(*proof.address)) {
    return Error(Code::usage, "an address is 0x and 40 hexadecimal digits",
                 "give it with --address");
  }
  TRY(const auto challenge, ask({{"address", *proof.address}}));
  TRY_VOID(check_challenge(challenge.value, proof, place));
  if (context.json) {
    context.show(challenge.value, [] {});
    return std::optional<json::object>();
  }
  const std::string id(raw_of(challenge.value, "challengeId"));
  TRY(const auto signature,
      signed_by_wallet(std::string(raw_of(challenge.value, "message")), std::nullopt,
                       fmt::format("{} --challenge {} --signature-file F   (within 120 s)",
                                   place.command, one_line(id))));
  if (!signature) return std::optional<json::object>();
  return std::optional(json::object{{"challengeId", id}, {"signature", *signature}});
}

}  // namespace kronborg::cli

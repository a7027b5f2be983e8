#include "identity/app_attest.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "crypto/hash.h"
#include "identity/cbor.h"
#include "identity/device_id.h"

namespace kronborg::identity {

namespace {

constexpr std::string_view format_name = "apple-appattest";
const std::string nonce_extension = "1.2.840.113635.100.8.2";

// Authenticator data (Web Authentication Level 2, section 6.1).
constexpr std::size_t flags_at = 32;
constexpr std::size_t counter_at = 33;
constexpr std::size_t aaguid_at = 37;
constexpr std::size_t credential_size_at = 53;
constexpr std::size_t credential_at = 55;
constexpr std::uint8_t has_attested_key = 0x40;

constexpr std::size_t max_members = 16;  // the objects of App Attest have two or three

constexpr std::string_view production_aaguid("appattest\0\0\0\0\0\0\0", 16);
constexpr std::string_view development_aaguid = "appattestdevelop";

/// Calls `take(name, reader)` for each member of the map that the reader stands before; false when
/// it is no map with texts as names, or a name is there twice. `take` reads the value.
template <class Take>
bool read_members(CborReader& reader, Take&& take) {
  const auto pairs = reader.map();
  std::array<std::string_view, max_members> names;
  if (!pairs || *pairs > names.size()) return false;
  for (std::size_t i = 0; i < *pairs; ++i) {
    const auto name = reader.text();
    const auto before = std::span(names).first(i);
    if (!name || std::ranges::find(before, *name) != before.end()) return false;
    names[i] = *name;
    if (!take(*name)) return false;
  }
  return true;
}

template <class T>
bool assign(std::optional<T>& member, std::optional<T> read) {
  member = read;
  return member.has_value();
}

std::uint32_t counter_of(base::BytesView authenticator_data) {
  std::uint32_t counter = 0;
  for (const std::uint8_t digit : authenticator_data.subspan(counter_at, 4)) {
    counter = counter << 8 | digit;
  }
  return counter;
}

std::array<std::uint8_t, 32> joined_hash(base::BytesView first, base::BytesView second) {
  crypto::Sha256 hash;
  hash.add(first);
  hash.add(second);
  return hash.finish();
}

/// Row 1.
struct Envelope {
  std::string_view format;
  base::BytesView statement, authenticator_data;
};
std::optional<Envelope> read_envelope(base::BytesView object) {
  std::optional<std::string_view> format;
  std::optional<base::BytesView> statement;
  std::optional<base::BytesView> data;
  CborReader reader(object);
  const bool read = read_members(reader, [&](std::string_view name) {
    if (name == "fmt") return assign(format, reader.text());
    if (name == "attStmt") return assign(statement, reader.item());
    if (name == "authData") return assign(data, reader.bytes());
    return reader.item().has_value();
  });
  if (!read || !reader.at_end() || !format || !statement || !data) return std::nullopt;
  if (!CborReader(*statement).map()) return std::nullopt;
  return Envelope{*format, *statement, *data};
}

/// Row 3.
struct Statement {
  crypto::Certificate leaf, intermediate;
  base::BytesView receipt;
};
std::optional<Statement> read_statement(base::BytesView statement) {
  std::vector<crypto::Certificate> chain;
  base::BytesView receipt;
  CborReader reader(statement);
  const auto read_chain = [&] {
    if (reader.array() != 2) return false;
    for (int i = 0; i < 2; ++i) {
      const auto der = reader.bytes();
      auto certificate = der ? crypto::Certificate::from_der(*der) : std::nullopt;
      if (!certificate) return false;
      chain.push_back(*std::move(certificate));
    }
    return true;
  };
  const bool read = read_members(reader, [&](std::string_view name) {
    if (name == "x5c") return read_chain();
    if (name != "receipt") return reader.item().has_value();
    const auto found = reader.bytes();
    receipt = found.value_or(base::BytesView());
    return found.has_value();
  });
  if (!read || chain.size() != 2) return std::nullopt;
  return Statement{chain[0], chain[1], receipt};
}

/// Row 5: DER `SEQUENCE { [1] { OCTET STRING } }` of 32 bytes has one spelling.
bool holds_nonce(const crypto::Certificate& leaf, Hash32 nonce) {
  constexpr std::array<std::uint8_t, 6> frame{0x30, 0x24, 0xA1, 0x22, 0x04, 0x20};
  const auto value = leaf.extension(nonce_extension);
  return value && value->size() == frame.size() + nonce.size() &&
         std::ranges::equal(frame, base::BytesView(*value).first(frame.size())) &&
         std::ranges::equal(nonce, base::BytesView(*value).subspan(frame.size()));
}

/// Rows 8 to 11.
base::Result<void> judge_authenticator(base::BytesView data, const AppAttestRules& rules,
                                       AppAttestation& found) {
  const auto app = std::ranges::find_if(rules.app_ids, [&](const std::string& app_id) {
    return std::ranges::equal(crypto::sha256(base::bytes_of(app_id)), data.first(flags_at));
  });
  if (app == rules.app_ids.end()) return base::Code::attestation_app_id;
  found.app_id = *app;
  if ((data[flags_at] & has_attested_key) == 0) return base::Code::attestation_malformed;
  if (counter_of(data) != 0) return base::Code::attestation_counter;
  const auto aaguid = base::text_of(data.subspan(aaguid_at, credential_size_at - aaguid_at));
  if (aaguid != production_aaguid && aaguid != development_aaguid) {
    return base::Code::attestation_environment;
  }
  found.environment =
      aaguid == production_aaguid ? AppleEnvironment::production : AppleEnvironment::development;
  if (std::ranges::find(rules.environments, found.environment) == rules.environments.end()) {
    return base::Code::attestation_environment;
  }
  return {};
}

/// Row 13: a COSE key (RFC 9052 section 7) and nothing behind it. Nothing: malformed.
std::optional<crypto::P256PublicKey> read_cose_key(base::BytesView bytes) {
  CborReader reader(bytes);
  const auto pairs = reader.map();
  if (!pairs) return std::nullopt;
  std::optional<std::int64_t> type;
  std::optional<std::int64_t> algorithm;
  std::optional<std::int64_t> curve;
  std::optional<base::BytesView> x;
  std::optional<base::BytesView> y;
  std::vector<std::int64_t> labels;
  for (std::uint64_t i = 0; i < *pairs; ++i) {
    const auto label = reader.integer();
    if (!label || std::ranges::find(labels, *label) != labels.end()) return std::nullopt;
    labels.push_back(*label);
    const bool read = *label == 1    ? assign(type, reader.integer())
                      : *label == 3  ? assign(algorithm, reader.integer())
                      : *label == -1 ? assign(curve, reader.integer())
                      : *label == -2 ? assign(x, reader.bytes())
                      : *label == -3 ? assign(y, reader.bytes())
                                     : reader.item().has_value();
    if (!read) return std::nullopt;
  }
  if (!reader.at_end() || type != 2 || algorithm != -7 || curve != 1) return std::nullopt;
  if (!x || !y || x->size() != 32 || y->size() != 32) return std::nullopt;
  crypto::P256PublicKey key{0x04};
  std::ranges::copy(*x, key.begin() + 1);
  std::ranges::copy(*y, key.begin() + 33);
  return key;
}

/// Rows 12 and 13.
base::Result<void> judge_credential(base::BytesView data, const crypto::P256PublicKey& key) {
  const std::size_t size = std::size_t{data[credential_size_at]} << 8 | data[credential_at - 1];
  if (data.size() - credential_at < size) return base::Code::attestation_malformed;
  if (!std::ranges::equal(data.subspan(credential_at, size), crypto::sha256(key))) {
    return base::Code::attestation_credential_id;
  }
  const auto named = read_cose_key(data.subspan(credential_at + size));
  if (!named) return base::Code::attestation_malformed;
  if (*named != key) return base::Code::attestation_key_mismatch;
  return {};
}

}  // namespace

std::string_view environment_name(AppleEnvironment environment) {
  return environment == AppleEnvironment::production ? "production" : "development";
}

std::optional<AppleEnvironment> environment_named(std::string_view name) {
  for (const auto one : {AppleEnvironment::production, AppleEnvironment::development}) {
    if (environment_name(one) == name) return one;
  }
  return std::nullopt;
}

base::Result<AppAttestation> verify_attestation(base::BytesView object, std::string_view key_id,
                                                Hash32 client_data_hash,
                                                const AppAttestRules& rules) {
  const auto envelope = read_envelope(object);
  if (!envelope) return base::Code::attestation_malformed;
  if (envelope->format != format_name) return base::Code::attestation_format;
  const auto statement = read_statement(envelope->statement);
  if (!statement) return base::Code::attestation_malformed;
  if (!crypto::is_chain(statement->leaf, statement->intermediate, rules.root, rules.at)) {
    return base::Code::attestation_chain;
  }
  const base::BytesView data = envelope->authenticator_data;
  if (!holds_nonce(statement->leaf, joined_hash(data, client_data_hash))) {
    return base::Code::attestation_nonce;
  }
  const auto key = statement->leaf.p256_key();
  if (!key || device_key_id(*key) != key_id) return base::Code::attestation_key_id;
  if (data.size() < credential_at) return base::Code::attestation_malformed;
  AppAttestation found;
  found.key = *key;
  found.receipt.assign(statement->receipt.begin(), statement->receipt.end());
  TRY_VOID(judge_authenticator(data, rules, found));
  TRY_VOID(judge_credential(data, *key));
  return found;
}

std::optional<std::uint32_t> assertion_counter(base::BytesView assertion,
                                               const crypto::P256Verifier& key, Hash32 app_id_hash,
                                               Hash32 client_data_hash) {
  std::optional<base::BytesView> signature;
  std::optional<base::BytesView> data;
  CborReader reader(assertion);
  const bool read = read_members(reader, [&](std::string_view name) {
    if (name == "signature") return assign(signature, reader.bytes());
    if (name == "authenticatorData") return assign(data, reader.bytes());
    return reader.item().has_value();
  });
  if (!read || !reader.at_end() || !signature || !data || data->size() < aaguid_at) {
    return std::nullopt;
  }
  if (!std::ranges::equal(data->first(flags_at), app_id_hash)) return std::nullopt;
  // The nonce is the message: the scheme, ECDSA with SHA-256, hashes it once more.
  const auto nonce = joined_hash(*data, client_data_hash);
  if (!key.verifies_der(crypto::sha256(nonce), *signature)) return std::nullopt;
  return counter_of(*data);
}

}  // namespace kronborg::identity

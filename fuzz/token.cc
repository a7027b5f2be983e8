// folders: credential identity crypto base
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/encoding.h"
#include "base/text.h"
#include "credential/access_key.h"

namespace {

using kronborg::base::Code;
using kronborg::credential::ParsedAccessKey;

void require(bool holds) {
  if (!holds) std::abort();
}

/// One text, one meaning: what is read is the only spelling of its payload and signature.
void require_canonical(std::string_view text, const ParsedAccessKey& key) {
  const std::size_t second = text.rfind('.');
  const auto payload = kronborg::base::base64url_strict(text.substr(7, second - 7));
  require(payload.has_value());
  const std::string again =
      "osk-v1." + kronborg::base::base64url(*payload) + "." + kronborg::base::hex(key.signature());
  require(again == text);
}

void require_claims(const ParsedAccessKey& key) {
  const auto& claims = key.claims();
  require(!claims.nonce.empty() && claims.nonce.size() <= 128);
  for (const auto part : {claims.audience, claims.issuer, claims.label, claims.nonce}) {
    require(kronborg::base::is_utf8(part));
  }
  require(claims.issued_at >= 0 && (!claims.expires_at || *claims.expires_at >= 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto reused = std::make_unique<ParsedAccessKey>();
  const auto fresh = std::make_unique<ParsedAccessKey>();
  const auto code = reused->parse(text);
  require(fresh->parse(text) == code);
  if (code) {
    require(*code == Code::token_format || *code == Code::payload_encoding ||
            *code == Code::signature_encoding || *code == Code::payload_malformed);
    return 0;
  }
  require_canonical(text, *reused);
  require_claims(*reused);
  require(reused->recover_issuer() == fresh->recover_issuer());
  return 0;
}

// folders: credential identity crypto base
#include "credential/request_token.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/encoding.h"
#include "base/text.h"

namespace {

using kronborg::base::Code;
using kronborg::credential::ParsedRequestToken;

void require(bool holds) {
  if (!holds) std::abort();
}

/// One text, one meaning: payload, signature and assertion have no other spelling.
void require_canonical(std::string_view text, const ParsedRequestToken& token) {
  namespace base = kronborg::base;
  const std::size_t first = text.find('.');
  const std::size_t second = text.find('.', first + 1);
  const std::size_t third = text.find('.', second + 1);
  require(text.find('.', third + 1) == std::string_view::npos);
  require(base::base64url(token.payload()) == text.substr(first + 1, second - first - 1));
  require(base::base64url(token.assertion()) == text.substr(third + 1));
  const auto signature = base::hex_strict(text.substr(second + 1, third - second - 1));
  require(signature && signature->size() == 65);
}

void require_claims(const ParsedRequestToken& token) {
  const auto& claims = token.claims();
  for (const auto part : {claims.issuer, claims.audience, claims.action,
                          claims.parent.value_or(std::string_view())}) {
    require(kronborg::base::is_utf8(part));
  }
  require(claims.issued_at >= 0 && claims.expires_at >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto reused = std::make_unique<ParsedRequestToken>();
  const auto fresh = std::make_unique<ParsedRequestToken>();
  const auto code = reused->parse(text);
  require(fresh->parse(text) == code);
  if (code) {
    require(*code == Code::token_format || *code == Code::request_token_header ||
            *code == Code::payload_encoding || *code == Code::signature_encoding ||
            *code == Code::assertion_encoding || *code == Code::payload_malformed);
    return 0;
  }
  require_canonical(text, *reused);
  require_claims(*reused);
  require(reused->recover_issuer() == fresh->recover_issuer());
  return 0;
}

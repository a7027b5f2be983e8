#include "base/encoding.h"
#include "base/json.h"
#include "credential/request_token.h"
#include "crypto/hash.h"

namespace kronborg::credential {

std::string request_token_header(identity::DeviceKind kind) {
  return base::canonical_json(base::json::object{
      {"alg", request_token_algorithm(kind)}, {"typ", "osaurus-id"}, {"ver", 5}});
}

std::string request_token_payload(const NewRequestToken& token) {
  base::json::object payload;
  payload["act"] = token.method + " " + token.path;
  payload["aud"] = token.audience;
  payload["cnt"] = token.counter;
  payload["dev"] = token.device.text();
  payload["exp"] = token.issued_at + max_request_token_life;
  payload["iat"] = token.issued_at;
  payload["iss"] = token.issuer.text();
  if (token.parent) {
    payload["idx"] = token.parent->index;
    payload["par"] = token.parent->master.text();
  }
  return base::canonical_json(payload);
}

base::Result<base::SecretText> write_request_token(const NewRequestToken& token,
                                                   const SignPayload& sign,
                                                   const AssertDevice& assert_device) {
  const std::string payload = request_token_payload(token);
  const base::BytesView bytes = base::bytes_of(payload);
  TRY(const auto signature, sign(bytes));
  TRY(const base::Bytes assertion, assert_device(crypto::sha256(bytes)));
  std::string text = base::base64url(base::bytes_of(request_token_header(token.kind)));
  text.append(".").append(base::base64url(bytes));
  text.append(".").append(base::hex(signature));
  text.append(".").append(base::base64url(assertion));
  base::SecretText secret(text);
  base::wipe(text.data(), text.size());
  return secret;
}

}  // namespace kronborg::credential

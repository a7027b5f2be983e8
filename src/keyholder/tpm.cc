#include "keyholder/tpm.h"

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <utility>

#include "keyholder/tpm_stack.h"

namespace kronborg::keyholder {
namespace {

constexpr TPMA_OBJECT stays_here = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT;

TPMT_PUBLIC sealed_area(bool has_pin) {
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_KEYEDHASH;
  area.nameAlg = TPM2_ALG_SHA256;
  // Without a PIN there is nothing to guess, and a lockout by others must not reach it.
  area.objectAttributes =
      stays_here | TPMA_OBJECT_USERWITHAUTH | (has_pin ? TPMA_OBJECT{} : TPMA_OBJECT_NODA);
  area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  return area;
}

TPMT_PUBLIC key_area(TpmKeyUse use) {
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = stays_here | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                          TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT;
  if (use == TpmKeyUse::attestation) area.objectAttributes |= TPMA_OBJECT_RESTRICTED;
  TPMS_ECC_PARMS& ecc = area.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_NULL;
  ecc.scheme.scheme = TPM2_ALG_ECDSA;
  ecc.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  ecc.curveID = TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  return area;
}

TPMT_SIG_SCHEME scheme_of_key() {
  TPMT_SIG_SCHEME scheme{};
  scheme.scheme = TPM2_ALG_NULL;  // the key has its own
  return scheme;
}

base::Result<void> set_pin(ESYS_CONTEXT* esys, ESYS_TR object, const base::Secret<32>& pin) {
  TPM2B_AUTH value{};
  value.size = 32;
  std::ranges::copy(pin.reveal(), value.buffer);
  auto set = tpm_done(Esys_TR_SetAuth(esys, object, &value), "take the PIN");
  base::wipe(&value, sizeof value);
  return set;
}

/// The number without leading zeros becomes 32 bytes.
bool put_number(const TPM2B_ECC_PARAMETER& number, std::span<std::uint8_t> out) {
  if (number.size > out.size()) return false;
  std::ranges::fill(out, std::uint8_t{0});
  std::ranges::copy(number.buffer, number.buffer + number.size,
                    out.subspan(out.size() - number.size).begin());
  return true;
}

base::Error odd_answer() {
  return {base::Code::keystore_unavailable, "The TPM gave an answer of another form."};
}

}  // namespace

Tpm::Tpm(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tpm::~Tpm() = default;

base::Result<std::unique_ptr<Tpm>> Tpm::on(int fd) {
  auto state = std::make_unique<State>(fd);
  TRY_VOID(tpm_done(Esys_Initialize(&state->esys, state->channel.context(), nullptr),
                    "begin a conversation"));
  return std::unique_ptr<Tpm>(new Tpm(std::move(state)));
}

base::Result<TpmObject> Tpm::seal(const base::Secret<32>& secret,
                                  const std::optional<base::Secret<32>>& pin) {
  TPM2B_SENSITIVE_CREATE sensitive{};
  TPMS_SENSITIVE_CREATE& content = sensitive.sensitive;
  content.data.size = 32;
  std::ranges::copy(secret.reveal(), content.data.buffer);
  if (pin) {
    content.userAuth.size = 32;
    std::ranges::copy(pin->reveal(), content.userAuth.buffer);
  }
  auto sealed = state_->create(sealed_area(pin.has_value()), sensitive);
  base::wipe(&sensitive, sizeof sensitive);
  return sealed;
}

base::Result<base::Secret<32>> Tpm::unseal(const TpmObject& sealed,
                                           const std::optional<base::Secret<32>>& pin) {
  TRY(const TpmHandle object, state_->load(sealed));
  TRY(const TpmHandle guarded, state_->session(TPMA_SESSION_ENCRYPT));
  if (pin) TRY_VOID(set_pin(state_->esys, object.get(), *pin));
  TPM2B_SENSITIVE_DATA* data = nullptr;
  const TSS2_RC code =
      Esys_Unseal(state_->esys, object.get(), guarded.get(), ESYS_TR_NONE, ESYS_TR_NONE, &data);
  const EsysMemory<TPM2B_SENSITIVE_DATA> owner(data);
  TRY_VOID(tpm_done(code, "open the keystore"));
  base::Secret<32> secret;
  const bool fits = data->size == 32;
  if (fits) std::ranges::copy(data->buffer, data->buffer + 32, secret.fill().begin());
  base::wipe(data, sizeof *data);
  if (!fits) return odd_answer();
  return secret;
}

base::Result<TpmObject> Tpm::create_key(TpmKeyUse use) {
  const TPM2B_SENSITIVE_CREATE nothing{};
  return state_->create(key_area(use), nothing);
}

base::Result<std::array<std::uint8_t, 64>> Tpm::sign(const TpmObject& key,
                                                     std::span<const std::uint8_t, 32> digest) {
  TRY(const TpmHandle object, state_->load(key));
  TPM2B_DIGEST signed_digest{};
  signed_digest.size = 32;
  std::ranges::copy(digest, signed_digest.buffer);
  const TPMT_SIG_SCHEME scheme = scheme_of_key();
  TPMT_TK_HASHCHECK not_hashed_here{};
  not_hashed_here.tag = TPM2_ST_HASHCHECK;
  not_hashed_here.hierarchy = TPM2_RH_NULL;
  TPMT_SIGNATURE* made = nullptr;
  const TSS2_RC code = Esys_Sign(state_->esys, object.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &signed_digest, &scheme, &not_hashed_here, &made);
  const EsysMemory<TPMT_SIGNATURE> owner(made);
  TRY_VOID(tpm_done(code, "sign"));
  std::array<std::uint8_t, 64> signature{};
  const std::span<std::uint8_t> out(signature);
  if (made->sigAlg != TPM2_ALG_ECDSA ||
      !put_number(made->signature.ecdsa.signatureR, out.first(32)) ||
      !put_number(made->signature.ecdsa.signatureS, out.last(32))) {
    return odd_answer();
  }
  return signature;
}

base::Result<TpmCertificate> Tpm::certify(const TpmObject& key, const TpmObject& attestation_key,
                                          std::span<const std::uint8_t, 32> challenge) {
  TRY(const TpmHandle object, state_->load(key));
  TRY(const TpmHandle signer, state_->load(attestation_key));
  TPM2B_DATA extra{};
  extra.size = 32;
  std::ranges::copy(challenge, extra.buffer);
  const TPMT_SIG_SCHEME scheme = scheme_of_key();
  TPM2B_ATTEST* attest = nullptr;
  TPMT_SIGNATURE* made = nullptr;
  const TSS2_RC code =
      Esys_Certify(state_->esys, object.get(), signer.get(), ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
                   ESYS_TR_NONE, &extra, &scheme, &attest, &made);
  const EsysMemory<TPM2B_ATTEST> attest_owner(attest);
  const EsysMemory<TPMT_SIGNATURE> owner(made);
  TRY_VOID(tpm_done(code, "certify the key"));
  TpmCertificate certificate;
  certificate.attest.assign(attest->attestationData, attest->attestationData + attest->size);
  certificate.signature.resize(sizeof(TPMT_SIGNATURE));
  std::size_t written = 0;
  TRY_VOID(tpm_done(Tss2_MU_TPMT_SIGNATURE_Marshal(made, certificate.signature.data(),
                                                   certificate.signature.size(), &written),
                    "certify the key"));
  certificate.signature.resize(written);
  return certificate;
}

}  // namespace kronborg::keyholder

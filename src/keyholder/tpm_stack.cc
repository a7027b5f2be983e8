#include "keyholder/tpm_stack.h"

#include <fmt/format.h>
#include <tss2/tss2_mu.h>

#include <algorithm>

namespace kronborg::keyholder {
namespace {

/// The storage root key in ECC, as the TCG's provisioning guidance has it.
TPM2B_PUBLIC storage_template() {
  TPM2B_PUBLIC wanted{};
  TPMT_PUBLIC& area = wanted.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                          TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
                          TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  TPMS_ECC_PARMS& ecc = area.parameters.eccDetail;
  ecc.symmetric.algorithm = TPM2_ALG_AES;
  ecc.symmetric.keyBits.aes = 128;
  ecc.symmetric.mode.aes = TPM2_ALG_CFB;
  ecc.scheme.scheme = TPM2_ALG_NULL;
  ecc.curveID = TPM2_ECC_NIST_P256;
  ecc.kdf.scheme = TPM2_ALG_NULL;
  area.unique.ecc.x.size = 32;
  area.unique.ecc.y.size = 32;
  return wanted;
}

/// A TPM numbers the parameter or session that an error is about; this takes the number away.
TSS2_RC kind_of(TSS2_RC code) {
  constexpr TSS2_RC format_one = 0x80;
  return (code & format_one) != 0 ? code & 0xBFU : code & 0xFFFU;
}

}  // namespace

base::Error tpm_error(TSS2_RC code, std::string_view what) {
  using base::Code;
  if ((code & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER) {
    return {Code::keystore_unavailable, fmt::format("The TPM did not answer; it was to {}.", what),
            "Check that the TPM is there: 'kronborg doctor'."};
  }
  const bool from_tpm = (code & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER ||
                        (code & TSS2_RC_LAYER_MASK) == TSS2_RESMGR_TPM_RC_LAYER;
  if (from_tpm) {
    switch (kind_of(code)) {
      case TPM2_RC_AUTH_FAIL:
      case TPM2_RC_BAD_AUTH:
        return {Code::wrong_passphrase, "That PIN does not open the keystore.",
                "Try again; after too many wrong ones the TPM refuses every PIN for a while."};
      case TPM2_RC_LOCKOUT:
        return Code::pin_locked_out;
      case TPM2_RC_INTEGRITY:
        return {Code::keystore_damaged,
                "Another TPM made this, or the TPM of this machine was cleared.",
                "Use the machine that made it, or recover the identity: 'kronborg recover'."};
      default:
        break;
    }
  }
  return {Code::keystore_unavailable,
          fmt::format("The TPM refused to {} (code {:#x}).", what, code),
          "'tpm2_rc_decode' of the Debian package tpm2-tools says what the code means."};
}

Tpm::State::~State() {
  primary_handle = {};
  if (esys != nullptr) Esys_Finalize(&esys);
}

base::Result<ESYS_TR> Tpm::State::primary() {
  if (primary_handle.get() != ESYS_TR_NONE) return primary_handle.get();
  const TPM2B_SENSITIVE_CREATE nothing{};
  const TPM2B_PUBLIC wanted = storage_template();
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  ESYS_TR made = ESYS_TR_NONE;
  TPM2B_PUBLIC* area = nullptr;
  TPM2B_CREATION_DATA* data = nullptr;
  TPM2B_DIGEST* hash = nullptr;
  TPMT_TK_CREATION* ticket = nullptr;
  const TSS2_RC code = Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                          ESYS_TR_NONE, &nothing, &wanted, &no_data, &no_registers,
                                          &made, &area, &data, &hash, &ticket);
  const EsysMemory<TPM2B_PUBLIC> free_area(area);
  const EsysMemory<TPM2B_CREATION_DATA> free_data(data);
  const EsysMemory<TPM2B_DIGEST> free_hash(hash);
  const EsysMemory<TPMT_TK_CREATION> free_ticket(ticket);
  if ((code & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER && kind_of(code) == TPM2_RC_BAD_AUTH) {
    return base::Error(base::Code::keystore_unavailable,
                       "The owner hierarchy of the TPM has a password of its own.",
                       "Take it away ('tpm2_changeauth -c owner'), or choose another keystore.");
  }
  TRY_VOID(tpm_done(code, "make its storage key"));
  primary_handle = TpmHandle(esys, made);
  return made;
}

base::Result<TpmHandle> Tpm::State::session(TPMA_SESSION attributes) {
  TRY(const ESYS_TR key, primary());
  const TPMT_SYM_DEF cipher{
      .algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
  ESYS_TR started = ESYS_TR_NONE;
  TRY_VOID(tpm_done(
      Esys_StartAuthSession(esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                            nullptr, TPM2_SE_HMAC, &cipher, TPM2_ALG_SHA256, &started),
      "start a session"));
  TpmHandle session(esys, started);
  const TPMA_SESSION flags = attributes | TPMA_SESSION_CONTINUESESSION;
  TRY_VOID(tpm_done(Esys_TRSess_SetAttributes(esys, started, flags, 0xff), "start a session"));
  return session;
}

base::Result<TpmHandle> Tpm::State::load(const TpmObject& object) {
  TPM2B_PRIVATE secret{};
  TPM2B_PUBLIC area{};
  std::size_t read = 0;
  if (object.private_area.size() > sizeof secret.buffer ||
      Tss2_MU_TPMT_PUBLIC_Unmarshal(object.public_area.data(), object.public_area.size(), &read,
                                    &area.publicArea) != TSS2_RC_SUCCESS ||
      read != object.public_area.size()) {
    return base::Error(base::Code::keystore_damaged, "The object for the TPM cannot be read.");
  }
  secret.size = static_cast<UINT16>(object.private_area.size());
  std::ranges::copy(object.private_area, secret.buffer);
  TRY(const ESYS_TR parent, primary());
  ESYS_TR loaded = ESYS_TR_NONE;
  TRY_VOID(tpm_done(Esys_Load(esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &secret,
                              &area, &loaded),
                    "load what it made"));
  return TpmHandle(esys, loaded);
}

base::Result<TpmObject> Tpm::State::create(const TPMT_PUBLIC& area,
                                           const TPM2B_SENSITIVE_CREATE& sensitive) {
  TRY(const ESYS_TR parent, primary());
  TRY(const TpmHandle guarded, session(TPMA_SESSION_DECRYPT));
  const TPM2B_PUBLIC wanted{.size = 0, .publicArea = area};
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  TPM2B_PRIVATE* secret = nullptr;
  TPM2B_PUBLIC* made = nullptr;
  TPM2B_CREATION_DATA* data = nullptr;
  TPM2B_DIGEST* hash = nullptr;
  TPMT_TK_CREATION* ticket = nullptr;
  const TSS2_RC code =
      Esys_Create(esys, parent, guarded.get(), ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &wanted,
                  &no_data, &no_registers, &secret, &made, &data, &hash, &ticket);
  const EsysMemory<TPM2B_PRIVATE> free_secret(secret);
  const EsysMemory<TPM2B_PUBLIC> free_made(made);
  const EsysMemory<TPM2B_CREATION_DATA> free_data(data);
  const EsysMemory<TPM2B_DIGEST> free_hash(hash);
  const EsysMemory<TPMT_TK_CREATION> free_ticket(ticket);
  TRY_VOID(tpm_done(code, "make an object"));
  TpmObject object;
  object.private_area.assign(secret->buffer, secret->buffer + secret->size);
  object.public_area.resize(sizeof(TPMT_PUBLIC));
  std::size_t written = 0;
  TRY_VOID(tpm_done(Tss2_MU_TPMT_PUBLIC_Marshal(&made->publicArea, object.public_area.data(),
                                                object.public_area.size(), &written),
                    "say what it made"));
  object.public_area.resize(written);
  return object;
}

}  // namespace kronborg::keyholder

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "keyholder/tpm.h"
#include "keyholder/tpm_stack.h"

// The endorsement key, by which the maker of a TPM vouches for it (TCG EK Credential Profile,
// template L-2: NIST P-256).

namespace kronborg::keyholder {
namespace {

/// Where the certificate of that key lies, and how much is read at a time.
constexpr TPM2_HANDLE certificate_index = 0x01C0000A;
constexpr UINT16 nv_chunk = 512;

/// PolicySecret(TPM_RH_ENDORSEMENT): the profile's section B.6.2.
constexpr std::array<std::uint8_t, 32> endorsement_policy{
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

TPM2B_PUBLIC endorsement_template() {
  TPM2B_PUBLIC wanted{};
  TPMT_PUBLIC& area = wanted.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                          TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                          TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  area.authPolicy.size = endorsement_policy.size();
  std::ranges::copy(endorsement_policy, area.authPolicy.buffer);
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

struct Endorsement {
  TpmHandle handle;
  EsysMemory<TPM2B_PUBLIC> area;
};
base::Result<Endorsement> endorsement_of(ESYS_CONTEXT* esys) {
  const TPM2B_SENSITIVE_CREATE nothing{};
  const TPM2B_PUBLIC wanted = endorsement_template();
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  ESYS_TR made = ESYS_TR_NONE;
  TPM2B_PUBLIC* area = nullptr;
  TPM2B_CREATION_DATA* data = nullptr;
  TPM2B_DIGEST* hash = nullptr;
  TPMT_TK_CREATION* ticket = nullptr;
  const TSS2_RC code = Esys_CreatePrimary(esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
                                          ESYS_TR_NONE, ESYS_TR_NONE, &nothing, &wanted, &no_data,
                                          &no_registers, &made, &area, &data, &hash, &ticket);
  EsysMemory<TPM2B_PUBLIC> area_owner(area);
  const EsysMemory<TPM2B_CREATION_DATA> data_owner(data);
  const EsysMemory<TPM2B_DIGEST> hash_owner(hash);
  const EsysMemory<TPMT_TK_CREATION> ticket_owner(ticket);
  TRY_VOID(tpm_done(code, "make its endorsement key"));
  return Endorsement{.handle = TpmHandle(esys, made), .area = std::move(area_owner)};
}

base::Result<TpmHandle> endorsement_session(ESYS_CONTEXT* esys) {
  const TPMT_SYM_DEF no_cipher{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
  ESYS_TR started = ESYS_TR_NONE;
  TRY_VOID(tpm_done(Esys_StartAuthSession(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                          ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY,
                                          &no_cipher, TPM2_ALG_SHA256, &started),
                    "start a session"));
  TpmHandle session(esys, started);
  TRY_VOID(tpm_done(
      Esys_PolicySecret(esys, ESYS_TR_RH_ENDORSEMENT, started, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                        ESYS_TR_NONE, nullptr, nullptr, nullptr, 0, nullptr, nullptr),
      "let its endorsement key be used"));
  return session;
}

base::Error malformed(std::string_view what) {
  return {base::Code::keystore_damaged, std::string(what) + " is no structure of a TPM."};
}

/// Whether the read that failed says that there is no such index.
bool is_absent(TSS2_RC code) {
  constexpr TSS2_RC number_of_handle = 0x100;  // format one: the first handle is meant
  return (code & 0xFFFFU) == (TPM2_RC_HANDLE | number_of_handle);
}

}  // namespace

base::Result<base::Bytes> Tpm::endorsement_key() {
  TRY(const Endorsement endorsement, endorsement_of(state_->esys));
  base::Bytes area(sizeof(TPMT_PUBLIC));
  std::size_t written = 0;
  TRY_VOID(tpm_done(Tss2_MU_TPMT_PUBLIC_Marshal(&endorsement.area->publicArea, area.data(),
                                                area.size(), &written),
                    "say what its endorsement key is"));
  area.resize(written);
  return area;
}

base::Result<std::optional<base::Bytes>> Tpm::endorsement_certificate() {
  ESYS_CONTEXT* const esys = state_->esys;
  ESYS_TR index = ESYS_TR_NONE;
  const TSS2_RC found = Esys_TR_FromTPMPublic(esys, certificate_index, ESYS_TR_NONE, ESYS_TR_NONE,
                                              ESYS_TR_NONE, &index);
  if (is_absent(found)) return std::optional<base::Bytes>();
  TRY_VOID(tpm_done(found, "find its certificate"));
  TPM2B_NV_PUBLIC* facts = nullptr;
  const TSS2_RC described =
      Esys_NV_ReadPublic(esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &facts, nullptr);
  const EsysMemory<TPM2B_NV_PUBLIC> facts_owner(facts);
  base::Bytes certificate;
  TSS2_RC code = described;
  while (code == TSS2_RC_SUCCESS && certificate.size() < facts->nvPublic.dataSize) {
    const auto at = static_cast<UINT16>(certificate.size());
    const auto size =
        std::min<UINT16>(nv_chunk, static_cast<UINT16>(facts->nvPublic.dataSize - at));
    TPM2B_MAX_NV_BUFFER* part = nullptr;
    code = Esys_NV_Read(esys, index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, size, at,
                        &part);
    const EsysMemory<TPM2B_MAX_NV_BUFFER> part_owner(part);
    if (code == TSS2_RC_SUCCESS) {
      certificate.insert(certificate.end(), part->buffer, part->buffer + part->size);
    }
  }
  Esys_TR_Close(esys, &index);
  TRY_VOID(tpm_done(code, "read its certificate"));
  return std::optional(std::move(certificate));
}

base::Result<base::Bytes> Tpm::activate(const TpmObject& attestation_key,
                                        base::BytesView credential, base::BytesView secret) {
  TPM2B_ID_OBJECT sealed{};
  TPM2B_ENCRYPTED_SECRET seed{};
  std::size_t read = 0;
  if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(credential.data(), credential.size(), &read, &sealed) !=
          TSS2_RC_SUCCESS ||
      read != credential.size()) {
    return malformed("The credential");
  }
  read = 0;
  if (Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret.data(), secret.size(), &read, &seed) !=
          TSS2_RC_SUCCESS ||
      read != secret.size()) {
    return malformed("The secret");
  }
  TRY(const TpmHandle key, state_->load(attestation_key));
  TRY(const Endorsement endorsement, endorsement_of(state_->esys));
  TRY(const TpmHandle session, endorsement_session(state_->esys));
  TPM2B_DIGEST* opened = nullptr;
  const TSS2_RC code =
      Esys_ActivateCredential(state_->esys, key.get(), endorsement.handle.get(), ESYS_TR_PASSWORD,
                              session.get(), ESYS_TR_NONE, &sealed, &seed, &opened);
  const EsysMemory<TPM2B_DIGEST> owner(opened);
  TRY_VOID(tpm_done(code, "activate the credential"));
  return base::Bytes(opened->buffer, opened->buffer + opened->size);
}

}  // namespace kronborg::keyholder

#pragma once

#include <tss2/tss2_esys.h>

#include <memory>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "keyholder/tpm.h"
#include "keyholder/tpm_channel.h"

// What the files of the TPM share: owners of what the TPM2 software stack hands out.

namespace kronborg::keyholder {

/// `what`: what was being done, "seal the key". Success is not asked here.
base::Error tpm_error(TSS2_RC code, std::string_view what);

inline base::Result<void> tpm_done(TSS2_RC code, std::string_view what) {
  if (code != TSS2_RC_SUCCESS) return tpm_error(code, what);
  return {};
}

struct EsysFree {
  void operator()(void* memory) const { Esys_Free(memory); }
};
template <class T>
using EsysMemory = std::unique_ptr<T, EsysFree>;

/// Something loaded into the TPM, or a session; flushed at the end.
class TpmHandle {
 public:
  TpmHandle() = default;
  TpmHandle(ESYS_CONTEXT* esys, ESYS_TR handle) : esys_(esys), handle_(handle) {}
  TpmHandle(TpmHandle&& other) noexcept
      : esys_(other.esys_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
  TpmHandle& operator=(TpmHandle&& other) noexcept {
    if (this == &other) return *this;
    flush();
    esys_ = other.esys_;
    handle_ = std::exchange(other.handle_, ESYS_TR_NONE);
    return *this;
  }
  ~TpmHandle() { flush(); }

  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  void flush() {
    if (handle_ != ESYS_TR_NONE) Esys_FlushContext(esys_, std::exchange(handle_, ESYS_TR_NONE));
  }

  ESYS_CONTEXT* esys_ = nullptr;
  ESYS_TR handle_ = ESYS_TR_NONE;
};

struct Tpm::State {
  explicit State(int fd) : channel(fd) {}
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The storage primary of the owner's hierarchy: the same key at every call.
  base::Result<ESYS_TR> primary();
  /// An HMAC session whose secret only that primary can read; secrets in commands and responses are
  /// encrypted with it as `attributes` say.
  base::Result<TpmHandle> session(TPMA_SESSION attributes);
  base::Result<TpmHandle> load(const TpmObject& object);
  base::Result<TpmObject> create(const TPMT_PUBLIC& area, const TPM2B_SENSITIVE_CREATE& sensitive);

  TpmChannel channel;
  ESYS_CONTEXT* esys = nullptr;
  TpmHandle primary_handle;
};

}  // namespace kronborg::keyholder

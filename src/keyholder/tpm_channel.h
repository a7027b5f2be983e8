#pragma once

#include <tss2/tss2_tcti.h>

#include <filesystem>

#include "base/result.h"
#include "keyholder/descriptor.h"

namespace kronborg::keyholder {

/// The default place of a TPM 2.0: behind the kernel's resource manager.
inline constexpr std::string_view default_tpm_path = "/dev/tpmrm0";

/// Opens the device, or connects to the Unix socket on which a software TPM takes commands. Error:
/// keystore_unavailable.
base::Result<Descriptor> open_tpm(const std::filesystem::path& path);

/// How the TPM2 software stack reaches a TPM through a descriptor that is open already: one command
/// is written, one response read, nothing else is done (TCG TSS 2.0 TCTI API). The process must
/// ignore SIGPIPE: a software TPM that ends is an error like others. The descriptor stays the
/// caller's. Neither copied nor moved: the stack keeps its address.
class TpmChannel {
 public:
  explicit TpmChannel(int fd);
  TpmChannel(const TpmChannel&) = delete;
  TpmChannel& operator=(const TpmChannel&) = delete;

  [[nodiscard]] TSS2_TCTI_CONTEXT* context() {
    return reinterpret_cast<TSS2_TCTI_CONTEXT*>(&state_);
  }

 private:
  struct State {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;  // first: the stack sees this part only
    int fd;
  };

  static TSS2_RC transmit(TSS2_TCTI_CONTEXT* context, std::size_t size,
                          const std::uint8_t* command);
  static TSS2_RC receive(TSS2_TCTI_CONTEXT* context, std::size_t* size, std::uint8_t* response,
                         std::int32_t timeout_ms);

  State state_;
};

}  // namespace kronborg::keyholder

#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/random.h"
#include "keyholder/keystore.h"
#include "keyholder/locked_page.h"
#include "keyholder/protocol.h"

namespace kronborg::keyholder {

inline constexpr std::string_view keystore_words = "the keystore";
inline constexpr std::string_view bundle_words = "the recovery bundle";
inline constexpr std::string_view copy_words = "the copy of the recovery bundle";

/// Reads the keystore from the descriptor and opens it.
base::Result<Keystore> open_from(int file, std::string_view secret, const Descriptor* aid);

/// The inside of the key-holder process: one request, one reply. Holds the only unlocked keystore.
/// Not thread-safe: the process has one thread.
class Holder {
 public:
  /// `status`: what the process gave up before.
  Holder(base::Random& random, HolderStatus status);

  /// Nothing when the request came with other descriptors than it needs: a fault of the parent.
  std::optional<Reply> answer(Request request, std::span<const Descriptor> descriptors);

 private:
  using Files = std::span<const Descriptor>;

  base::Result<Reply> on(const StatusRequest& request, Files files);
  base::Result<Reply> on(const FactsRequest& request, Files files);
  base::Result<Reply> on(const CreateRequest& request, Files files);
  base::Result<Reply> on(const RecoverRequest& request, Files files);
  base::Result<Reply> on(const AdoptRequest& request, Files files);
  base::Result<Reply> on(const UnlockRequest& request, Files files);
  base::Result<Reply> on(const LockRequest& request, Files files);
  base::Result<Reply> on(const SignRequest& request, Files files);
  base::Result<Reply> on(const AddressRequest& request, Files files);
  base::Result<Reply> on(const DeviceRequest& request, Files files);
  base::Result<Reply> on(const RewriteRequest& request, Files files);
  base::Result<Reply> on(const NewCodeRequest& request, Files files);
  base::Result<Reply> on(const WordsRequest& request, Files files);
  base::Result<Reply> on(const DrillRequest& request, Files files);
  base::Result<Reply> on(const SoundRequest& request, Files files);

  base::Result<crypto::PrivateKey> key_for(const KeyRef& which) const;

  base::Random& random_;
  LockedSlot<Keystore> unlocked_;
  LockedSlot<Keystore> created_;  ///< until AdoptRequest
  bool created_unlocks_ = true;   ///< what is adopted is unlocked by it
  HolderStatus status_;
};

}  // namespace kronborg::keyholder

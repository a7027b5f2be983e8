#pragma once

#include <optional>
#include <span>

#include "base/random.h"
#include "keyholder/keystore.h"
#include "keyholder/locked_page.h"
#include "keyholder/protocol.h"

namespace kronborg::keyholder {

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
  base::Result<Reply> on(const AdoptRequest& request, Files files);
  base::Result<Reply> on(const UnlockRequest& request, Files files);
  base::Result<Reply> on(const LockRequest& request, Files files);
  base::Result<Reply> on(const SignRequest& request, Files files);
  base::Result<Reply> on(const AddressRequest& request, Files files);
  base::Result<Reply> on(const RewriteRequest& request, Files files);

  base::Result<crypto::PrivateKey> key_for(const KeyRef& which) const;

  base::Random& random_;
  LockedSlot<Keystore> unlocked_;
  LockedSlot<Keystore> created_;  ///< between CreateRequest and AdoptRequest
  HolderStatus status_;
};

}  // namespace kronborg::keyholder

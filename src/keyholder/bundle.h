#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "identity/sealed_file.h"
#include "keyholder/keystore.h"

// The recovery bundle (docs/protocol/identity.md section 14.2) for the code whose derived key the
// keystore holds.

namespace kronborg::keyholder {

/// What an authority without agents, lists and revocations puts into its bundle.
inline constexpr std::string_view empty_bundle_content =
    R"({"agents":[],"counters":{},"indices":{},"revocations":[],"thresholds":{},)"
    R"("whitelist":{"agents":{},"master":[]}})";

/// The header of the bundle in `text`, when it is of this identity and the recovery key opens it.
std::optional<identity::SealedHeader> header_opened_by(std::string_view text,
                                                       const identity::Address& master,
                                                       const Keystore::Recovery& recovery);

/// The header of the first bundle of a code. `before`: of the bundle that it follows, whose
/// creation time and unknown members stay.
identity::SealedHeader first_header(const Keystore& keystore,
                                    const std::optional<identity::SealedHeader>& before,
                                    std::int64_t now);

/// `content` is a JSON object; `v` and `master` are added. Error: internal_error for content that
/// is not such an object.
base::Result<std::string> seal_bundle(const identity::SealedHeader& header,
                                      const Keystore& keystore, std::string_view content,
                                      base::Random& random);

/// The next bundle of the same code. `present` is the text of the one that it replaces: when the
/// code opens it, its creation time, cost and unknown members stay.
base::Result<std::string> seal_next_bundle(const Keystore& keystore, std::string_view content,
                                           std::optional<std::string_view> present,
                                           std::int64_t now, base::Random& random);

}  // namespace kronborg::keyholder

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "identity/sealed_file.h"
#include "keyholder/keystore.h"

namespace kronborg::keyholder {

/// What an authority without agents, lists and revocations puts into its bundle.
inline constexpr std::string_view empty_bundle_content =
    R"({"agents":[],"counters":{},"indices":{},"revocations":[],"thresholds":{},)"
    R"("whitelist":{"agents":{},"master":[]}})";

/// The recovery bundle (docs/protocol/identity.md section 14.2) for the code whose derived key the
/// keystore holds. `content` is a JSON object; `v` and `master` are added. `present` is the text of
/// the bundle that will be replaced: when the same code opens it, its creation time, cost and
/// unknown members stay. Error: internal_error for content that is not such an object.
base::Result<std::string> seal_bundle(const Keystore& keystore, std::string_view content,
                                      std::optional<std::string_view> present, std::int64_t now,
                                      base::Random& random);

}  // namespace kronborg::keyholder

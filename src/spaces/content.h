#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace kronborg::spaces {

// What the content of a message may be (docs/protocol/spaces.md section 8.1).

inline constexpr std::size_t max_link_characters = 2'048;

/// `data:image/png|jpeg|gif|webp;base64,…`, whose decoded bytes begin with the signature of that
/// type. The base64 has one spelling: padded, unused bits zero.
bool is_image_data_url(std::string_view text);

/// An absolute `https` URL of at most max_link_characters ASCII characters, with a host and without
/// user info. Nothing in it is read by a browser as something else: no white space, backslash,
/// quotes or brackets.
bool is_https_url(std::string_view text);

/// `mailto:` and an address, under the same rules.
bool is_mailto_url(std::string_view text);

/// Why this is not the content of a message of type `image`, for people; nothing: it is.
std::optional<std::string_view> image_fault(std::string_view content);

}  // namespace kronborg::spaces
